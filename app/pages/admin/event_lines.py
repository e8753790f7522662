"""The event log as it is read: who did what, to whom and to which machine by name, and where to look it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.auth import permissions
from app.pages.admin import event_texts
from app.pages.admin.event_names import Named, named_in, with_names
from app.pages.admin.lists import EventRow
from booking.announcements import RecordChanged

# kind -> endpoint of its page and the argument by which it is found.
PAGES = {
    "machine": ("machines.show", "slug"),
    "member": ("admin.member", "member_id"),
    "workshop": ("workshop.edit", "slug"),
    "login": ("admin.show_login", "user_id"),
    "pool": ("costs.pool", "pool_id"),
    "tariff": ("costs.tariff_history", "machine_id"),
    "cost": ("costs.pool", "pool_id"),
    "share": ("costs.shares", "pool_id"),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """A few words, and the page behind them ("" where there is none for this login)."""

    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of the log in words."""

    id: int
    at: datetime
    actor: str
    title: str
    subjects: tuple[Linked, ...]
    details: tuple[Linked, ...]


def event_lines(session: Session, rows: Sequence[EventRow]) -> list[EventLine]:
    """The rows of a page with names in the place of ids."""
    return [_line(row, named) for row, named in zip(rows, concerned(session, rows), strict=True)]


def concerned(session: Session, rows: Sequence[EventRow]) -> list[list[Named]]:
    """Whom and what each row concerns, with the names; as many statements as there are kinds of things."""
    mentioned = [named_in(row.facts) for row in rows]
    names = with_names(session, (one for named in mentioned for one in named))
    return [[names.get((one.kind, one.id), one) for one in named] for named in mentioned]


def title_of(row: EventRow) -> str:
    """What happened, as the head of a line."""
    is_record = row.type == RecordChanged.type
    return event_texts.record_title(row.facts) if is_record else event_texts.event_name(row.type)


def name_of(one: Named) -> str:
    """What an event concerns, by name; by its number where it was deleted since."""
    return one.words or _("%(record)s no. %(number)s", record=event_texts.record_words(one.kind), number=one.id)


def _line(row: EventRow, named: Sequence[Named]) -> EventLine:
    details = (*map(Linked, event_texts.detail_words(row.facts)), *_papers(row.facts))
    return EventLine(row.id, row.at, row.actor, title_of(row), tuple(_subject(one) for one in named), details)


def _subject(one: Named) -> Linked:
    endpoint, argument = PAGES.get(one.kind, ("", ""))
    is_there = endpoint and one.words
    return Linked(name_of(one), _href(endpoint, **{argument: one.key}) if is_there else "")


def _papers(facts: Mapping[str, Any]) -> list[Linked]:
    """Reservation, slip and allocation: they have a number and a page."""
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
    if endpoint not in current_app.view_functions or not permissions.may(endpoint):
        return ""
    return url_for(endpoint, **arguments)
