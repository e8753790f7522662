"""ring work: the worker process."""

from __future__ import annotations

import logging
from importlib import import_module

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from flask.logging import default_handler

from app.clock import now
from app.commands.friendly_errors import friendly_errors
from app.commands.prepare import require_own_key
from app.extensions import db
from app.storage import migrate


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(work)


@click.command("work")
@click.option("--once", is_flag=True, help="Do all that is due now and end.")
@click.option("--retry", is_flag=True, help="First retry events that were dead-lettered and mails that were given up.")
@click.option("--only", metavar="JOB", help="With --once: this job alone, such as nightly_audit.")
@click.option("--until-idle", is_flag=True, help="End when nothing was due for a minute, as under `ring serve`.")
@with_appcontext  # run_worker() calls it without the flask command
def work(once: bool, retry: bool, only: str | None, until_idle: bool) -> None:
    """Send mail, end overdue requests, price slips, seal the log. Any number of workers may run."""
    from app.worker.held import held_elsewhere
    from app.worker.jobs import JOBS
    from app.worker.scheduler import Worker, work_once

    names = [job.name for job in JOBS]
    if only is not None and (not once or only not in names):
        raise click.BadParameter(f"name one of these, together with --once: {', '.join(names)}.", param_hint="--only")
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    logging.basicConfig(format="worker: %(message)s", level=logging.WARNING)
    app.logger.removeHandler(default_handler)  # else each warning would be printed twice
    with friendly_errors():  # run_worker() calls it without the group of commands, which does the same
        _require_schema()
    if retry:
        _retry()
    if not once:
        Worker(app, ends_when_idle=until_idle).run()
        return
    is_done = work_once(app, only)
    if not is_done:
        raise SystemExit(1)
    if only is not None:
        return
    for sentence in held_elsewhere(db.session(), now=now()):
        click.echo(sentence)


def run_worker(until_idle: bool) -> None:
    """Run `ring work` in its own process, as `ring serve` starts it."""
    app = import_module("wsgi").app  # by name, because wsgi is above this package
    work.main(
        args=["--until-idle"] if until_idle else [], prog_name="ring work", obj=ScriptInfo(create_app=lambda: app)
    )


def _require_schema() -> None:
    with db.engine.connect() as connection:
        current = migrate.current_revision(connection)
    if current != migrate.head_revision():
        raise click.ClickException(f"The database is at schema {current}; run `ring prepare` first.")
    require_own_key()


def _retry() -> None:
    from app.mail import leasing
    from booking.kernel import deliveries
    from booking.kernel.transaction import in_write_transaction

    session, moment = db.session(), now()
    events = in_write_transaction(session, lambda: deliveries.retry_dead_letters(session, now=moment))
    mails = in_write_transaction(session, lambda: leasing.retry_given_up(session, now=moment))
    click.echo(f"Retrying {events} events and {mails} mails.")
