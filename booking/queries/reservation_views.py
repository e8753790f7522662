"""A reservation with the names that people need, and the statement that reads it; the lists stand beside this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, literal, select, tuple_
from sqlalchemy.orm import Session

from booking.models import HOLDING, Machine, Member, Reservation, Status, Workshop
from booking.timespan import TimeSpan

Cursor = tuple[datetime, int]
_place = tuple_(Reservation.starts_at, Reservation.id)


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A reservation with the names that people need to recognise it.

    created_by, decided_by: user ids. cancel_until: cancelling a confirmed one later is late.
    """

    id: int
    uid: str
    machine_id: int
    machine_slug: str
    machine_name: str
    charge_unit: str
    workshop_id: int
    workshop_name: str
    workshop_address: str
    zone: ZoneInfo
    member_id: int
    member_name: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    places: int
    purpose: str
    revision: int
    created_at: datetime
    created_by: int | None
    changed_at: datetime
    asked_at: datetime
    decide_until: datetime | None
    decided_at: datetime | None
    decided_by: int | None
    reason: str
    is_late_cancel: bool
    cancel_until: datetime

    @property
    def span(self) -> TimeSpan:
        """The working time."""
        return TimeSpan(self.starts_at, self.ends_at)

    @property
    def is_holding(self) -> bool:
        """Whether it still holds its span: requested, confirmed or in use."""
        return self.status in HOLDING

    @property
    def cursor(self) -> Cursor:
        """Where the next page of a list begins: `after=last.cursor`."""
        return self.starts_at, self.id


_COLUMNS = (
    Reservation.id,
    Reservation.uid,
    Reservation.machine_id,
    Machine.slug.label("machine_slug"),
    Machine.name.label("machine_name"),
    Machine.charge_unit,
    Machine.workshop_id,
    Workshop.name.label("workshop_name"),
    Workshop.address.label("workshop_address"),
    Workshop.timezone,
    Reservation.member_id,
    Member.name.label("member_name"),
    Reservation.status,
    Reservation.starts_at,
    Reservation.ends_at,
    Reservation.occupied_from,
    Reservation.occupied_until,
    Reservation.places,
    Reservation.purpose,
    Reservation.revision,
    Reservation.created_at,
    Reservation.created_by,
    Reservation.changed_at,
    Reservation.asked_at,
    Reservation.decide_until,
    Reservation.decided_at,
    Reservation.decided_by,
    Reservation.reason,
    Reservation.is_late_cancel,
    Machine.late_cancel_hours,
)


# Put together once: nearly every page reads some of these.
_VIEWS = (
    select(*_COLUMNS)
    .select_from(Reservation)
    .join(Machine, Machine.id == Reservation.machine_id)
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .join(Member, Member.id == Reservation.member_id)
)


def views() -> Select[*tuple[Any, ...]]:
    """The columns of a ReservationView, joined; add conditions and an order."""
    return _VIEWS


def all_views(
    session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
) -> tuple[ReservationView, ...]:
    """The rows of a `views()` statement as views. values: what its parameters stand for."""
    return tuple(view(row) for row in session.execute(statement, values))


def view(row: Row[*tuple[Any, ...]]) -> ReservationView:
    """A row of a `views()` statement as a view."""
    values = row._mapping
    return ReservationView(
        **{name: values[name] for name in _SAME_NAME},
        status=Status(row.status),
        zone=ZoneInfo(row.timezone),
        cancel_until=row.starts_at - timedelta(hours=row.late_cancel_hours),
    )


def stands_after(cursor: Cursor) -> ColumnElement[bool]:
    """A condition on Reservation: it comes later than a cursor, in order of start."""
    return _place > _bound(cursor)


def stands_before(cursor: Cursor) -> ColumnElement[bool]:
    """A condition on Reservation: it comes earlier than a cursor, in order of start."""
    return _place < _bound(cursor)


def _bound(cursor: Cursor) -> ColumnElement[Any]:
    starts_at, reservation_id = cursor
    return tuple_(literal(starts_at, Reservation.starts_at.type), literal(reservation_id, Reservation.id.type))


_SAME_NAME = tuple(
    name for name in ReservationView.__dataclass_fields__ if name not in {"status", "zone", "cancel_until"}
)
