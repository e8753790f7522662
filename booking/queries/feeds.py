"""Reservations for calendar feeds: plain tuples, cancelled ones included, and a version that tells of changes.

The columns are asked of the tables, not of the mapped classes: a feed reads thousands of rows, and the ORM
would take longer than the database.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from booking.models import ENDED_WITHOUT_USE, Machine, Reservation, Workshop
from booking.queries.reservations import LONGEST

Reader = Session | Connection
Statement = Select[*tuple[Any, ...]]


class FeedMark(NamedTuple):
    """A reservation and all that its text depends on, as numbers that grow with each change; and its zone."""

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str


class FeedEntry(NamedTuple):
    """One reservation for a calendar, beginning with its mark; revision is its SEQUENCE.

    No member's name: feeds never tell one.
    """

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str
    uid: str
    status: str
    machine_id: int
    machine_name: str
    location: str
    workshop_name: str
    workshop_address: str
    starts_at: datetime
    ends_at: datetime
    places: int
    purpose: str
    changed_at: datetime

    @property
    def mark(self) -> FeedMark:
        """By what its text is known to be still right."""
        return FeedMark._make(self[: len(_MARK)])


_RESERVATION, _MACHINE, _WORKSHOP = (model.__table__.c for model in (Reservation, Machine, Workshop))
_MARK = (_RESERVATION.id, _RESERVATION.revision, _MACHINE.revision, _WORKSHOP.revision, _WORKSHOP.timezone)
_ENTRY = (
    *_MARK,
    _RESERVATION.uid,
    _RESERVATION.status,
    _RESERVATION.machine_id,
    _MACHINE.name,
    _MACHINE.location,
    _WORKSHOP.name,
    _WORKSHOP.address,
    _RESERVATION.starts_at,
    _RESERVATION.ends_at,
    _RESERVATION.places,
    _RESERVATION.purpose,
    _RESERVATION.changed_at,
)


def feed_marks(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
) -> list[FeedMark]:
    """The marks of what feed_reservations() would give, in the same order: enough to see what changed."""
    of, owner_id = _owner(member_id, machine_id, workshop_id)
    return [FeedMark._make(row) for row in reader.execute(_marks(of), _times(since) | {"owner_id": owner_id})]


def feed_reservations(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
    until: datetime | None = None,
    ids: Collection[int] | None = None,
) -> list[FeedEntry]:
    """The reservations of one member, machine or workshop that overlap a time, in order of their ids.

    Whatever their status: a calendar must be told of a cancelled one as well. Only those that came to nothing
    before the time are left out. ids: only these of them.
    """
    of, owner_id = _owner(member_id, machine_id, workshop_id)
    values = _times(since) | {"owner_id": owner_id}
    rows = reader.execute(_entries(of), values) if ids is None else reader.execute(_some(of), values | {"ids": [*ids]})
    return [entry for entry in map(FeedEntry._make, rows) if until is None or entry.starts_at < until]


def feed_news(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
    limit: int,
) -> list[FeedEntry]:
    """Of what feed_reservations() would give, those that changed last; the last one first."""
    of, owner_id = _owner(member_id, machine_id, workshop_id)
    return [
        FeedEntry._make(row)
        for row in reader.execute(_newest(of), {"owner_id": owner_id, "since": since, "few": limit})
    ]


def _owner(member_id: int | None, machine_id: int | None, workshop_id: int | None) -> tuple[str, int]:
    """What a feed is about: which column, and the id in it. Exactly one is given; else it is a bug (ValueError)."""
    given = {"member": member_id, "machine": machine_id, "workshop": workshop_id}
    ((of, owner_id),) = ((name, each) for name, each in given.items() if each is not None)
    return of, owner_id


def _times(since: datetime) -> dict[str, Any]:
    return {"since": since, "earliest": since - LONGEST}


# Statements are built once for each kind of feed: building one takes longer than the database to answer it.


@lru_cache(maxsize=3)
def _marks(of: str) -> Statement:
    return _within(_of(of, _MARK)).order_by(_RESERVATION.id)


@lru_cache(maxsize=3)
def _entries(of: str) -> Statement:
    return _within(_of(of, _ENTRY)).order_by(_RESERVATION.id)


@lru_cache(maxsize=3)
def _some(of: str) -> Statement:
    return _entries(of).where(_RESERVATION.id.in_(bindparam("ids", expanding=True)))


@lru_cache(maxsize=3)
def _newest(of: str) -> Statement:
    # Without a lower end of starts_at, so that the index of changes is the one to use.
    return (
        _of(of, _ENTRY)
        .where(_RESERVATION.ends_at > bindparam("since"))
        .order_by(_RESERVATION.changed_at.desc(), _RESERVATION.id.desc())
        .limit(bindparam("few"))
    )


def _within(statement: Statement) -> Statement:
    return statement.where(_RESERVATION.ends_at > bindparam("since"), _RESERVATION.starts_at > bindparam("earliest"))


def _of(of: str, columns: tuple[ColumnElement[Any], ...]) -> Statement:
    """Reservations of a member, machine or workshop that a calendar still shows."""
    owners = {"member": _RESERVATION.member_id, "machine": _RESERVATION.machine_id, "workshop": _MACHINE.workshop_id}
    came_to_something = _RESERVATION.status.not_in(ENDED_WITHOUT_USE)
    return (
        select(*columns)
        .join_from(Reservation.__table__, Machine.__table__)
        .join(Workshop.__table__)
        .where(
            owners[of] == bindparam("owner_id"),
            or_(came_to_something, _RESERVATION.changed_at >= bindparam("since")),
        )
    )
