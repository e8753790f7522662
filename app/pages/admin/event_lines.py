"""The lines of the event log: names in place of ids, with links to their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.auth import permissions
from app.exports.event_log import EventRow
from app.exports.event_names import Named, concerned, name_of, title_of
from app.wording import events

# kind -> endpoint of its page and the argument by which it is found.
PAGES = {
    "machine": ("machines.show", "slug"),
    "member": ("admin.member", "member_id"),
    "workshop": ("workshop.edit", "slug"),
    "login": ("admin.show_login", "user_id"),
    "pool": ("costs.pool", "pool_id"),
    "tariff": ("costs.tariff_history", "machine_id"),
    "cost": ("costs.pool", "pool_id"),
    "recurring_cost": ("costs.recurring", "pool_id"),
    "share": ("costs.shares", "pool_id"),
    "pool_key": ("costs.keys", "pool_id"),
    "meter": ("costs.keys", "pool_id"),
    "material": ("fees.material", "material_id"),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """A text and the page that it links to ("" where there is none for this login)."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of the event log."""

    id: int
    at: datetime
    actor: str
    title: str
    subjects: tuple[Linked, ...]
    details: tuple[Linked, ...]


def event_lines(session: Session, rows: Sequence[EventRow]) -> list[EventLine]:
    """Return the rows of a page with names in place of ids."""
    return [_line(row, named) for row, named in zip(rows, concerned(session, rows), strict=True)]


def _line(row: EventRow, named: Sequence[Named]) -> EventLine:
    details = (*map(Linked, events.detail_texts(row.facts)), *_papers(row.facts))
    return EventLine(row.id, row.at, row.actor, title_of(row), tuple(_subject(one) for one in named), details)


def _subject(one: Named) -> Linked:
    endpoint, argument = PAGES.get(one.kind, ("", ""))
    is_there = endpoint and one.name
    return Linked(name_of(one), _href(endpoint, **{argument: one.key}) if is_there else "")


def _papers(facts: Mapping[str, Any]) -> list[Linked]:
    """Return the reservation, slip and allocation of an event, which have a number and a page."""
    papers = []
    if number := facts.get("reservation_id"):
        papers.append(
            Linked(_("Reservation no. %(number)s", number=number), _href("reservations.show", reservation_id=number))
        )
    if number := facts.get("usage_id"):
        papers.append(Linked(_("Usage slip no. %(number)s", number=number), _href("usage.show", usage_id=number)))
    if number := facts.get("allocation_id"):
        papers.append(
            Linked(_("Allocation no. %(number)s", number=number), _href("costs.allocation", allocation_id=number))
        )
    if number := facts.get("reverses_id"):
        papers.append(Linked(_("reversal of no. %(number)s", number=number)))
    return papers


def _href(endpoint: str, **arguments: Any) -> str:
    return url_for(endpoint, **arguments) if permissions.may(endpoint) else ""
