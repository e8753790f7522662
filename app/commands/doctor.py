"""ring doctor: what an operator can have wrong, each with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.clock import now
from app.doctor import database, mail, settings, surroundings
from app.doctor.finding import Finding
from app.extensions import db, secret_box


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(doctor)


@click.command("doctor")
@click.option("--without-mail", is_flag=True, help="Do not connect to the mail server.")
@click.option("--mend", is_flag=True, help="First make files private that others can read (chmod 600).")
def doctor(without_mail: bool, mend: bool) -> None:
    """Look at settings, machine, database and mail server, and change nothing but what --mend names.

    Exit status 1: something is wrong.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    levels = []
    mended = surroundings.mend(Path(app.instance_path)) if mend else ()
    for finding in chain(mended, findings(app, with_mail=not without_mail)):
        click.echo(finding.line())
        levels.append(finding.level)
    if "error" in levels:
        raise SystemExit(1)


def findings(app: Flask, *, with_mail: bool) -> Iterator[Finding]:
    """Yield all findings, also where the database is away."""
    moment = now()
    yield from settings.check(app.config)
    yield from surroundings.check(Path(app.instance_path), moment)
    yield from database.check(db.session(), app.config, secret_box(), moment)
    if with_mail:
        yield from mail.check(app)
