"""Reservations as their members, managers and programs read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, literal, select, tuple_, union
from sqlalchemy.orm import Session

from booking.errors import ReservationNotFound
from booking.kernel.orm import UtcDateTime
from booking.models import HOLDING, Machine, Member, Reservation, Status, Workshop
from booking.timespan import TimeSpan

# No machine is lent longer (see booking_machine), so whoever looks for overlaps need not look further back.
LONGEST = timedelta(days=366)

Cursor = tuple[datetime, int]


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


_is_mine = Reservation.member_id == bindparam("member_id")
_now = bindparam("now", type_=UtcDateTime)
_is_to_come = and_(Reservation.status.in_(HOLDING), Reservation.ends_at > _now)
_place = tuple_(Reservation.starts_at, Reservation.id)


def _soonest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What a member has before it, soonest first; beyond: conditions on where the page begins.

    Three questions, each a piece of an index: so many as are shown of what begins later, and what is on or out now.
    One question would read and sort all that was ever reserved ahead, to show five of it.
    """
    mine = select(Reservation.id).where(_is_mine)
    later = mine.where(Reservation.status.in_(HOLDING), Reservation.starts_at > _now, *beyond)
    later = later.order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))
    # As a case, which no index answers: read by the start, what is on now would be looked for in the whole past.
    on_now = mine.where(_is_to_come, case((Reservation.starts_at <= _now, 1), else_=0) == 1)
    out = mine.where(Reservation.status == Status.IN_USE)
    wanted = Reservation.id.in_(union(select(later.subquery().c.id), on_now, out))
    return _VIEWS.where(wanted, *beyond).order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))


def _latest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    is_past = and_(_is_mine, ~_is_to_come, Reservation.status != Status.IN_USE)
    latest_first = (Reservation.starts_at.desc(), Reservation.id.desc())
    return _VIEWS.where(is_past, *beyond).order_by(*latest_first).limit(bindparam("limit"))


_SOONEST, _LATEST = _soonest(), _latest()


def reservation(session: Session, reservation_id: int) -> ReservationView:
    """One reservation, whatever has become of it. Raises ReservationNotFound."""
    return _one(session, Reservation.id == reservation_id, reservation_id)


def reservation_by_uid(session: Session, uid: str) -> ReservationView:
    """One reservation by the name under which calendars know it. Raises ReservationNotFound."""
    return _one(session, Reservation.uid == uid, uid)


def reservations_of_member(
    session: Session,
    member_id: int,
    *,
    upcoming: bool,
    now: datetime,
    limit: int = 20,
    after: Cursor | None = None,
) -> tuple[ReservationView, ...]:
    """A member's own reservations, a page at a time; `after`: the cursor of the last one shown.

    upcoming: those that still hold a span which has not ended, or whose machine is out, soonest first.
    Otherwise all the rest, latest first: ended, cancelled, declined, expired.
    """
    if after is None:
        statement = _SOONEST if upcoming else _LATEST
    else:
        statement = _soonest(_place > _bound(after)) if upcoming else _latest(_place < _bound(after))
    rows = session.execute(statement, {"member_id": member_id, "now": now, "limit": limit})
    return tuple(view(row) for row in rows)


def reservations(
    session: Session,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    statuses: Collection[str] | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[ReservationView, ...]:
    """Reservations by filters, in order of their start; `after`: the cursor of the last one of the page before.

    since, until: those that overlap this time. An empty collection of workshops or statuses matches nothing.
    """
    wanted: list[ColumnElement[bool]] = []
    if machine_id is not None:
        wanted.append(Reservation.machine_id == machine_id)
    if member_id is not None:
        wanted.append(Reservation.member_id == member_id)
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if statuses is not None:
        wanted.append(Reservation.status.in_([str(status) for status in statuses]))
    wanted += overlap(since, until)
    if after is not None:
        wanted.append(_place > _bound(after))
    statement = views().where(*wanted).order_by(Reservation.starts_at, Reservation.id)
    return all_views(session, statement.limit(limit))


def overlap(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Conditions on Reservation: some of its working time lies between two instants."""
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted += [Reservation.ends_at > since, Reservation.starts_at > since - LONGEST]
    if until is not None:
        wanted.append(Reservation.starts_at < until)
    return wanted


def views() -> Select[*tuple[Any, ...]]:
    """The columns of a ReservationView, joined; add conditions and an order."""
    return _VIEWS


def all_views(session: Session, statement: Select[*tuple[Any, ...]]) -> tuple[ReservationView, ...]:
    """The rows of a `views()` statement as views."""
    return tuple(view(row) for row in session.execute(statement))


def view(row: Row[*tuple[Any, ...]]) -> ReservationView:
    """A row of a `views()` statement as a view."""
    values = row._mapping
    return ReservationView(
        **{name: values[name] for name in _SAME_NAME},
        status=Status(row.status),
        zone=ZoneInfo(row.timezone),
        cancel_until=row.starts_at - timedelta(hours=row.late_cancel_hours),
    )


_SAME_NAME = tuple(
    name for name in ReservationView.__dataclass_fields__ if name not in {"status", "zone", "cancel_until"}
)


def _one(session: Session, is_wanted: ColumnElement[bool], name: int | str) -> ReservationView:
    row = session.execute(views().where(is_wanted)).one_or_none()
    if row is None:
        raise ReservationNotFound(id=name)
    return view(row)


def _bound(cursor: Cursor) -> Any:
    starts_at, reservation_id = cursor
    return tuple_(literal(starts_at, Reservation.starts_at.type), literal(reservation_id, Reservation.id.type))
