"""ring demo: fill an empty instance with the demo ring."""

from __future__ import annotations

from datetime import date

import click
from flask.cli import AppGroup

from app import demo
from app.clock import now
from app.commands.prepare import create_database
from app.commands.terminal import DAY
from app.demo.simulation import ZONE
from app.extensions import db
from app.worker.event_job import deliver_events
from booking.kernel.transaction import write_transaction
from booking.times.wall_clock import local_day


def add_to(ring: AppGroup) -> None:
    """Register the command of this module."""
    ring.add_command(load)


@click.command("demo")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the random season.")
@click.option("--today", type=DAY, help="The day that the demo uses as today.")
@click.option("--scale", type=click.FloatRange(0.1, 50), default=1.0, show_default=True, help="How busy the ring is.")
def load(seed: int, today: date | None, scale: float) -> None:
    """Load a realistic ring: the same seed, day and scale give the same data."""
    create_database()
    session, instant = db.session(), now()
    day = today or local_day(instant, ZONE)
    try:
        with write_transaction(session):
            is_new = demo.load(session, day, seed=seed, scale=scale, now=instant)
    except demo.InstanceNotEmpty:
        raise click.ClickException(
            "This instance holds members that are not the demo's. Nothing was changed. "
            "Choose an empty folder with --instance DIR."
        ) from None
    while is_new and deliver_events(session):  # else `ring check` finds that the past has waited for a worker
        pass
    click.echo("The demo ring is loaded." if is_new else "The demo ring is here already; nothing was changed.")
