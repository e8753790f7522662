"""ring import undo: take back the last import of a kind as a whole, while nothing depends on it."""

from __future__ import annotations

import click
from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.clock import now
from app.commands.prepare import create_database
from app.commands.terminal import TERMINAL
from app.extensions import db
from app.imports import KINDS
from app.imports.taking_back import Effect, TakingBack, refusal_sentences, take_back, taking_back
from app.wording.errors import sentence_of
from app.wording.formats import format_instant
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction


@click.command("undo")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo(kind: str, yes: bool) -> None:
    """Undo the last import of a kind: what was new is deleted, what was changed gets its former values.

    Prints first what would become of each record, and asks. Nothing is undone while something depends on a record.
    """
    create_database()
    session = db.session()
    with force_locale("en"):  # commands print English
        found = taking_back(session, kind)
        if found is None:
            raise click.ClickException("There is no import of this kind that could be undone.")
        _print(found)
        if found.obstacles:
            raise click.ClickException(f"Nothing was undone: {len(found.obstacles)} of them stand against it.")
        session.rollback()  # nobody waits for the answer to the question
        if not yes:
            click.confirm("Undo this import?", abort=True)
        _undo(session, found)
    click.echo("The import was undone.")


def _print(found: TakingBack) -> None:
    by = f" by {found.last.by}" if found.last.by else ""
    click.echo(f"Stored {format_instant(found.last.stored_at)}{by}:")
    for effect in found.effects:
        click.echo(f"{effect.key}: {_consequence(effect)}")


def _consequence(effect: Effect) -> str:
    if effect.obstacle:
        return f"cannot be taken back: {effect.obstacle}"
    return "is deleted" if effect.is_deleted else "gets its former values"


def _undo(session: Session, found: TakingBack) -> None:
    last = found.last
    try:
        in_write_transaction(session, lambda: take_back(session, last.kind, last.stored_at, by=TERMINAL, now=now()))
    except DomainError as refusal:
        raise click.ClickException(" ".join(refusal_sentences(refusal)) or sentence_of(refusal)) from refusal
