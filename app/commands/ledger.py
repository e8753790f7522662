"""ring ledger: opening the ledger of a ring that charged and allocated before it had one."""

from __future__ import annotations

from datetime import date

import click
from flask.cli import AppGroup

from app.clock import now
from app.commands.terminal import DAY, TERMINAL
from app.extensions import db
from billing.errors import LedgerIsOpen, WrongPeriod
from billing.ledger.opening import begin_opening, open_batch
from booking.kernel.transaction import in_write_transaction

ledger = AppGroup("ledger", help="The ledger: what is owed, as balanced entries.")


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(ledger)


@ledger.command("open")
@click.option("--on", "on", type=DAY, required=True, help="Posting date of what was charged and allocated so far.")
def open_ledger(on: date) -> None:
    """Post what was charged and allocated so far, once. Interrupted, it goes on where it was when typed again."""
    session = db.session()
    try:
        in_write_transaction(session, lambda: begin_opening(session, on, now=now()))
    except LedgerIsOpen as refusal:
        raise click.ClickException("The ledger is open already; it is opened only once.") from refusal
    except WrongPeriod as refusal:
        begun = refusal.facts["period_until"]
        raise click.ClickException(f"The day must not be in the future, and after a stop it is {begun}.") from refusal
    posted = 0
    while done := in_write_transaction(session, lambda: open_batch(session, by=TERMINAL, now=now())):
        posted += done
        click.echo(f"  {posted} charges and allocations posted ...")
    click.echo(f"The ledger is open; {posted} charges and allocations were posted on {on}.")
