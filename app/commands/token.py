"""ring token: API tokens."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.auth import api_tokens
from app.clock import now
from app.commands.terminal import TERMINAL, login_of
from app.extensions import db
from app.wording.formats import as_zone
from booking.errors.schedule_errors import NotFound
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

token = AppGroup("token", help="Tokens with which programs use the API.")


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(token)


@token.command("add")
@click.argument("email")
@click.option("--read-only", is_flag=True, help="The token may read what its login may, and change nothing.")
@click.option("--label", default="", help="What the token is for, as its owner will see it.")
def add(email: str, read_only: bool, label: str) -> None:
    """Print a new API token of the login EMAIL. It is shown only once; only its hash is stored."""
    session = db.session()
    user_id = login_of(session, email).id
    secret = in_write_transaction(
        session,
        lambda: api_tokens.create(session, user_id, label=label, is_read_only=read_only, by=TERMINAL, now=now()),
    )
    click.echo(secret)


@token.command("list")
@click.argument("email")
def show(email: str) -> None:
    """List the tokens of the login EMAIL by number, with last use and end; never their secrets."""
    session = db.session()
    for card in api_tokens.tokens_of(session, login_of(session, email).id):
        reach = "read only" if card.is_read_only else "read and write"
        made, ends = (local_day(instant, as_zone(None)) for instant in (card.created_at, card.expires_at))
        used = local_day(card.last_used_at, as_zone(None)) if card.last_used_at else "never"
        click.echo(f"{card.id}\t{made}\t{reach}\t{card.label}\tused {used}\tends {ends}")


@token.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Revoke the token of this number (see `list`) at once."""
    session = db.session()
    try:
        in_write_transaction(session, lambda: api_tokens.revoke(session, number, by=TERMINAL, now=now()))
    except NotFound as refusal:
        raise click.ClickException(f"There is no token number {number}.") from refusal
    click.echo(f"Token {number} is revoked.")
