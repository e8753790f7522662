"""ring feed: addresses of calendar subscriptions."""

from __future__ import annotations

from dataclasses import replace

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.clock import now
from app.commands.terminal import TERMINAL, Login, login_of
from app.extensions import db
from booking import queries
from booking.errors.schedule_errors import NotFound
from booking.kernel.transaction import in_write_transaction
from calendars import tokens
from calendars.errors import NotForFeeds, TooManyFeeds

feed = AppGroup("feed", help="Addresses of calendar subscriptions.")


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(feed)


@feed.command("add")
@click.argument("email")
@click.option("--scope", required=True, metavar="mine|machine:SLUG|workshop:SLUG", help="What the subscription shows.")
@click.option(
    "--privacy",
    type=click.Choice([tokens.FULL, tokens.BUSY]),
    help="Everything, or only busy times. Machines and workshops: always busy. Default: all that the scope allows.",
)
@click.option("--label", default="", help="What the subscription is for, as its owner will see it.")
def add(email: str, scope: str, privacy: str | None, label: str) -> None:
    """Print a new feed address of the login EMAIL. It is shown only once; only its hash is stored."""
    session = db.session()
    login = login_of(session, email)
    wish = _wish(session, login, scope, privacy, label)
    try:
        made = in_write_transaction(session, lambda: tokens.create(session, login.id, wish, by=TERMINAL, now=now()))
    except NotForFeeds as refusal:
        raise click.ClickException("Machines and workshops are shown as busy only: use --privacy busy.") from refusal
    except TooManyFeeds as refusal:
        raise click.ClickException(f"{email} has {refusal.facts['limit']} subscriptions, the maximum.") from refusal
    click.echo(f"{current_app.config['BASE_URL']}/feeds/{made.secret}.ics")


def _wish(session: Session, login: Login, scope: str, privacy: str | None, label: str) -> tokens.FeedWish:
    kind, _, slug = scope.partition(":")
    if scope == tokens.MINE:
        if login.member_id is None:
            raise click.ClickException("This login acts for no member, so it has no reservations of its own.")
        return tokens.FeedWish(privacy or tokens.FULL, member_id=login.member_id, label=label, language=login.language)
    if kind not in (tokens.MACHINE, tokens.WORKSHOP) or not slug:
        raise click.ClickException("Use --scope mine, --scope machine:SLUG or --scope workshop:SLUG.")
    wish = tokens.FeedWish(privacy or tokens.BUSY, label=label, language=login.language)
    try:
        if kind == tokens.MACHINE:
            return replace(wish, machine_id=queries.machine_card(session, slug).id)
        return replace(wish, workshop_id=queries.workshop(session, slug).id)
    except NotFound as refusal:
        raise click.ClickException(f"There is no {kind} {slug}.") from refusal
