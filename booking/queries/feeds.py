"""Reservations and closures for calendar feeds: plain tuples, cancelled ones included.

Columns come from the tables, not from the mapped classes: a feed reads thousands of rows, and the ORM would take
longer than the database.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    SQLColumnExpression,
    bindparam,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from booking.events.reservation_events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of
from booking.kernel.views import Selectable, columns_of
from booking.models import ENDED_WITHOUT_USE, FormerDate, Machine, Reservation, SeriesDate, Workshop
from booking.queries.addresses import address_line
from booking.queries.reservations import LONGEST

Reader = Session | Connection
Statement = Select[*tuple[Any, ...]]


class FeedMark(NamedTuple):
    """A reservation and all that its text depends on, as numbers that grow with each change; its zone, its series."""

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str
    series_id: int | None = None


class FeedEntry(NamedTuple):
    """One reservation for a calendar, beginning with its mark; revision is its SEQUENCE unless it has a series.

    former_...: while a move waits for approval, what is confirmed meanwhile. No member's name: feeds never contain one.
    """

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str
    series_id: int | None
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
    former_starts_at: datetime | None = None
    former_ends_at: datetime | None = None
    former_places: int | None = None

    @property
    def mark(self) -> FeedMark:
        """The mark with which its text stays right."""
        return FeedMark._make(self[: len(FeedMark._fields)])


_reservation, _machine, _workshop = map(table_of, (Reservation, Machine, Workshop))
_dates, _former = map(table_of, (SeriesDate, FormerDate))
ENTRY_COLUMNS = columns_of(
    FeedEntry,
    _reservation,
    machine_revision=_machine.c.revision,
    workshop_revision=_workshop.c.revision,
    timezone=_workshop.c.timezone,
    series_id=_dates.c.series_id,
    machine_name=_machine.c.name,
    location=_machine.c.location,
    workshop_name=_workshop.c.name,
    workshop_address=address_line(_workshop),
)
_MARK = ENTRY_COLUMNS[: len(FeedMark._fields)]
# What all reservations of a machine have in common. Of a whole feed it is read once for each machine: beside each
# reservation SQLite would look it up and copy it a thousand times, a third of the time of the statement.
_OF_MACHINE = frozenset(
    ("machine_revision", "workshop_revision", "timezone", "machine_name", "location", "workshop_name",
     "workshop_address")
)  # fmt: skip
_NO_SERIES = null().label("series_id")
_ANY_SERIES = select(_dates.c.reservation_id).limit(1)  # most rings have none, and need not look for one of each row


def feed_marks(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
) -> list[FeedMark]:
    """Return the marks of what feed_reservations() returns, in the same order: enough to see what changed."""
    of, owner_id = owner(member_id, machine_id, workshop_id)
    return [
        FeedMark._make(row)
        for row in reader.execute(_marks(of, has_series(reader)), _times(since) | {"owner_id": owner_id}).all()
    ]


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
    """Return the reservations of one member, machine or workshop that overlap a time, in order of their ids.

    Whatever their status: a calendar needs the cancelled ones as well. Only those that ended without use before the
    time are left out, and dates of series that were put back since. ids: only these, those put back included.
    """
    of, owner_id = owner(member_id, machine_id, workshop_id)
    values = _times(since) | {"owner_id": owner_id}
    if ids is None:
        entries = _whole(reader, of, values)
    else:
        found = reader.execute(_some(of, has_series(reader)), values | {"ids": [*ids]}).all()
        entries = list(map(FeedEntry._make, found))  # one by one costs half as much again
    if until is None:
        return entries
    return [one for one in entries if min(one.starts_at, one.former_starts_at or one.starts_at) < until]


def _whole(reader: Reader, of: str, values: dict[str, Any]) -> list[FeedEntry]:
    rows = reader.execute(_entries(of, has_series(reader)), values).all()
    machine_ids = {row.machine_id for row in rows}
    of_machines = {row[0]: row[1:] for row in reader.execute(_MACHINES, {"ids": [*machine_ids]})}
    entries = []
    for id_, revision, series_id, uid, status, machine_id, *rest in rows:
        machine_revision, workshop_revision, timezone, name, location, workshop, address = of_machines[machine_id]
        mark = (id_, revision, machine_revision, workshop_revision, timezone, series_id)
        entry = (*mark, uid, status, machine_id, name, location, workshop, address, *rest)
        entries.append(FeedEntry._make(entry))
    return entries


def feed_news(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
    limit: int,
) -> list[FeedEntry]:
    """Return what changed last of what feed_reservations() returns, the latest first."""
    of, owner_id = owner(member_id, machine_id, workshop_id)
    return [
        FeedEntry._make(row)
        for row in reader.execute(_newest(of), {"owner_id": owner_id, "since": since, "few": limit})
    ]


def last_record_change(reader: Reader) -> datetime | None:
    """Return when a master record was last entered or changed: a name that a feed shows is no younger."""
    return reader.scalar(
        select(RecordedEvent.at)
        .where(RecordedEvent.type == RecordChanged.type)
        .order_by(RecordedEvent.id.desc())
        .limit(1)
    )


def has_series(reader: Reader) -> bool:
    """Return whether the ring has a series at all."""
    return reader.scalar(_ANY_SERIES) is not None


def owner_column(of: str) -> SQLColumnExpression[Any]:
    """Return the column with the id that a feed of this kind is about."""
    return (_machine if of == "workshop" else _reservation).c[f"{of}_id"]


def owner(member_id: int | None, machine_id: int | None, workshop_id: int | None) -> tuple[str, int]:
    """Return what a feed is about: which column, and the id in it. Raises ValueError unless exactly one is given."""
    given = {"member": member_id, "machine": machine_id, "workshop": workshop_id}
    ((of, owner_id),) = ((name, each) for name, each in given.items() if each is not None)
    return of, owner_id


def _times(since: datetime) -> dict[str, Any]:
    return {"since": since, "earliest": since - LONGEST}


# Statements are built once for each kind of feed: building one takes longer than the database to answer it.


@lru_cache(maxsize=6)
def _marks(of: str, with_series: bool) -> Statement:
    return _shown(_within(_of(of, _MARK, with_series)), with_series).order_by(_reservation.c.id)


@lru_cache(maxsize=6)
def _entries(of: str, with_series: bool) -> Statement:
    own = tuple(column for column in ENTRY_COLUMNS if column.name not in _OF_MACHINE)
    return _shown(_within(_of(of, own, with_series)), with_series).order_by(_reservation.c.id)


@lru_cache(maxsize=6)
def _some(of: str, with_series: bool) -> Statement:
    return _some_of(of, with_series).where(_reservation.c.id.in_(bindparam("ids", expanding=True)))


_MACHINES = (
    select(_machine.c.id, *(column for column in ENTRY_COLUMNS if column.name in _OF_MACHINE))
    .join_from(_machine, _workshop)
    .where(_machine.c.id.in_(bindparam("ids", expanding=True)))
)


def _some_of(of: str, with_series: bool) -> Statement:
    return _within(_of(of, ENTRY_COLUMNS, with_series)).order_by(_reservation.c.id)


@lru_cache(maxsize=3)
def _newest(of: str) -> Statement:
    # Without a lower end of starts_at, so that the index of changes is the one to use.
    return (
        _shown(_of(of, ENTRY_COLUMNS, with_series=True), with_series=True)
        .where(_reservation.c.ends_at > bindparam("since"))
        .order_by(_reservation.c.changed_at.desc(), _reservation.c.id.desc())
        .limit(bindparam("few"))
    )


def _shown(statement: Statement, with_series: bool) -> Statement:
    """Leave out dates of series that were put back: their days have other reservations now."""
    if not with_series:
        return statement
    former = select(_former.c.reservation_id).where(_former.c.reservation_id == _reservation.c.id)
    return statement.where(~former.exists())


def _within(statement: Statement) -> Statement:
    return statement.where(
        _reservation.c.ends_at > bindparam("since"), _reservation.c.starts_at > bindparam("earliest")
    )


def _of(of: str, columns: tuple[Selectable, ...], with_series: bool) -> Statement:
    """Select the reservations of a member, machine or workshop that a calendar still shows."""
    came_to_something = _reservation.c.status.not_in(ENDED_WITHOUT_USE)
    if not with_series:
        columns = tuple(_NO_SERIES if column.name == "series_id" else column for column in columns)
    statement = select(*columns).select_from(_reservation)
    if of == "workshop" or any(column.name in _OF_MACHINE for column in columns):
        statement = statement.join(_machine, _machine.c.id == _reservation.c.machine_id).join(_workshop)
    if with_series:
        statement = statement.outerjoin(_dates, _dates.c.reservation_id == _reservation.c.id)
    return statement.where(
        owner_column(of) == bindparam("owner_id"),
        or_(came_to_something, _reservation.c.changed_at >= bindparam("since")),
    )
