"""A reservation with the names that people need, and the statement that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, literal, select, tuple_
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.kernel.views import columns_of, converted
from booking.models import HOLDING, Machine, Member, Reservation, Status, Workshop
from booking.queries.addresses import address_line
from booking.timespan import TimeSpan

Cursor = tuple[datetime, int]
_place = tuple_(Reservation.starts_at, Reservation.id)


@dataclass(frozen=True, slots=True)
class FormerSpan:
    """What a reservation is confirmed for while a move waits for approval."""

    starts_at: datetime
    ends_at: datetime
    places: int

    @property
    def span(self) -> TimeSpan:
        """The working time."""
        return TimeSpan(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A reservation with the names that people need to recognise it.

    created_by, decided_by: user ids. cancel_until: afterwards, cancelling what is confirmed is late.
    A `views()` statement selects its fields first, in their order.
    """

    id: int
    uid: str
    machine_id: int
    machine_slug: str
    machine_name: str
    machine_sort: str
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
    may_move_min: int
    second_person: str
    second_user_id: int | None
    choices: tuple[str, ...]
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
    accepted_at: datetime | None
    outside_rules_since: datetime | None
    outside_told_at: datetime | None
    import_undone_at: datetime | None
    cancel_until: datetime
    proposed_at: datetime | None
    former_starts_at: datetime | None
    former_ends_at: datetime | None
    former_places: int | None

    @property
    def former(self) -> FormerSpan | None:
        """What is confirmed and still held while a move waits for approval; None where none waits."""
        if self.former_starts_at is None or self.former_ends_at is None or self.former_places is None:
            return None
        return FormerSpan(self.former_starts_at, self.former_ends_at, self.former_places)

    @property
    def is_promised(self) -> bool:
        """Whether it is confirmed, perhaps for a former time, so that cancelling after cancel_until is late."""
        return self.status == Status.CONFIRMED or self.former_starts_at is not None

    def as_promised(self) -> ReservationView:
        """Return it with the time and places that are confirmed while a move waits for approval."""
        if (former := self.former) is None:
            return self
        return replace(self, starts_at=former.span.start, ends_at=former.span.end, places=former.places)

    @property
    def awaits_answer(self) -> bool:
        """Whether the member has not answered yet to the time that a manager proposed because of a closure."""
        return self.proposed_at is not None and self.status in (Status.REQUESTED, Status.CONFIRMED)

    @property
    def span(self) -> TimeSpan:
        """The working time."""
        return TimeSpan(self.starts_at, self.ends_at)

    def is_accepted_since(self, since: datetime) -> bool:
        """Return whether a manager accepted it as it is after an instant, and it was not moved since."""
        return self.accepted_at is not None and self.accepted_at >= max(since, self.asked_at)

    @property
    def is_holding(self) -> bool:
        """Whether it still holds its span: requested, confirmed or in use."""
        return self.status in HOLDING

    @property
    def cursor(self) -> Cursor:
        """Where the next page of a list begins: `after=last.cursor`."""
        return self.starts_at, self.id


_COLUMNS = columns_of(
    ReservationView,
    Reservation,
    machine_slug=Machine.slug,
    machine_name=Machine.name,
    machine_sort=Machine.sort,
    charge_unit=Machine.charge_unit,
    workshop_id=Machine.workshop_id,
    workshop_name=Workshop.name,
    workshop_address=address_line(table_of(Workshop)),
    zone=converted(Workshop.timezone, ZoneInfo),
    member_name=Member.name,
    status=converted(Reservation.status, Status),
)


# Built once: nearly every page reads some of these.
_VIEWS = (
    select(*_COLUMNS)
    .select_from(Reservation)
    .join(Machine, Machine.id == Reservation.machine_id)
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .join(Member, Member.id == Reservation.member_id)
)


def views() -> Select[*tuple[Any, ...]]:
    """Return the columns of a ReservationView, joined; add conditions and an order."""
    return _VIEWS


def all_views(
    session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
) -> tuple[ReservationView, ...]:
    """Return the rows of a `views()` statement as views. values: of its parameters."""
    return tuple(view(row) for row in session.execute(statement, values))


def view(row: Row[*tuple[Any, ...]]) -> ReservationView:
    """Return a row of a `views()` statement as a view."""
    return ReservationView(*row[: len(_COLUMNS)])


def held_times(found: ReservationView) -> Iterator[ReservationView]:
    """Yield a reservation once for each time that it holds.

    While a move waits, the former time is confirmed beside the wished one; where the two overlap, they are one.
    """
    yield found
    if found.former is not None and not found.former.span.overlaps(found.span):
        starts_at, ends_at = found.former.starts_at, found.former.ends_at
        yield replace(found, starts_at=starts_at, ends_at=ends_at, status=Status.CONFIRMED)


def comes_after(cursor: Cursor) -> ColumnElement[bool]:
    """Return a condition on Reservation: it comes later than a cursor, in order of start."""
    return _place > _bound(cursor)


def comes_before(cursor: Cursor) -> ColumnElement[bool]:
    """Return a condition on Reservation: it comes earlier than a cursor, in order of start."""
    return _place < _bound(cursor)


def _bound(cursor: Cursor) -> ColumnElement[Any]:
    starts_at, reservation_id = cursor
    return tuple_(literal(starts_at, Reservation.starts_at.type), literal(reservation_id, Reservation.id.type))
