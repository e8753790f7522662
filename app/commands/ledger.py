"""ring ledger: opening the ledger of a ring that charged and allocated before it had one."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal

import click
from flask.cli import AppGroup

from app.clock import now
from app.commands.terminal import DAY, TERMINAL
from app.extensions import db
from billing.errors.money_errors import LedgerIsOpen, WrongPeriod
from billing.ledger.opening import ToPost, begin_opening, open_batch, to_post
from booking.kernel.transaction import in_write_transaction

ledger = AppGroup("ledger", help="The ledger: what is owed, as balanced entries.")


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(ledger)


@ledger.command("open")
@click.option("--on", "on", type=DAY, required=True, help="Posting date of what was charged and allocated so far.")
@click.option("--dry-run", is_flag=True, help="Only say what would be posted.")
def open_ledger(on: date, dry_run: bool) -> None:
    """Post what was charged and allocated so far, once. Interrupted, it goes on where it was when typed again.

    The sums are printed first; in a terminal, it asks before it posts. No entry is ever changed or deleted: a charge or
    allocation that is wrong is reversed afterwards, as always.
    """
    session = db.session()
    try:
        found = to_post(session)
        click.echo(_preview(found, on))
        if dry_run:
            return
        if sys.stdin.isatty():
            click.confirm("Open the ledger now? It is done once, and the day stays", abort=True)
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


def _preview(found: ToPost, on: date) -> str:
    charged, allocated = (Decimal(cents).scaleb(-2) for cents in (found.charged_cents, found.allocated_cents))
    return (
        f"To be posted on {on}: {found.charges} charges of {charged:,.2f} EUR and {found.allocations} allocations of "
        f"{allocated:,.2f} EUR, reversals included."
    )
