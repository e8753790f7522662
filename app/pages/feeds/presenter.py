"""What the pages of calendar subscriptions show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.feeds.forms import MINE_BUSY, MINE_FULL
from booking import queries
from calendars.queries import FeedView
from calendars.tokens import BUSY, MACHINE, MINE, WORKSHOP


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One subscription in its owner's list."""

    id: int
    title: str
    label: str
    shows: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """An address to be shown once. open_with: hands it to the calendar of this device."""

    https: str
    open_with: str


def row(feed: FeedView) -> FeedRow:
    """Return a subscription as a row of the list."""
    return FeedRow(feed.id, title_of(feed), feed.label, shows_of(feed), feed.created_at)


def title_of(feed: FeedView) -> str:
    """Return what a subscription is about."""
    if feed.scope == MINE:
        return _("My reservations")
    if feed.scope == MACHINE:
        return feed.name
    return _("All machines of %(workshop)s", workshop=feed.name)


def shows_of(feed: FeedView) -> str:
    """Return how much of it is shown."""
    if feed.scope != MINE:
        return _("only when it is busy")
    return _("only the times") if feed.privacy == BUSY else _("machine, place, purpose and state")


def address(secret: str) -> Address:
    """Return the address of a secret, under BASE_URL and never under the Host header of the request."""
    https = current_app.config["BASE_URL"] + url_for("feeds.subscription", secret=secret)
    # webcal for https too: an iPhone calls webcals an invalid address.
    return Address(https, "webcal" + https.removeprefix("https").removeprefix("http"))


def choices(session: Session, *, has_member: bool) -> dict[str, list[tuple[str, str]]]:
    """Return what can be subscribed to, in groups."""
    mine = [
        (MINE_FULL, _("My reservations, with everything")),
        (MINE_BUSY, _("My reservations, only as “busy”: for sharing with others")),
    ]
    machines = [(f"{MACHINE}:{one.id}", one.name) for one in queries.machine_choices(session)]
    workshops = [(f"{WORKSHOP}:{place.id}", place.name) for place in queries.workshops(session)]
    groups = {
        _("My reservations"): mine if has_member else [],
        _("When a machine is busy"): machines,
        _("When the machines of a workshop are busy"): workshops,
    }
    return {name: group for name, group in groups.items() if group}
