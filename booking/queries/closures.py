"""Closures of machines, and the reservations that a planned one would hit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ClosureNotFound
from booking.kernel.views import columns_of, converted
from booking.models import Blocking, CourseMachine, Machine, Occupancy, Reservation, Status, Unit, Workshop
from booking.places import held_spans
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.rules.lending_rules import LENGTH_MINUTES_MAX
from booking.timespan import TimeSpan

LONGEST = timedelta(minutes=LENGTH_MINUTES_MAX, days=1)


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A machine is out of service for a span. created_by: user id; lifted_at: when it was ended early.

    around_reservations: reservations that were there stay in its span until they are moved or cancelled.
    course_id: the induction course to which it belongs, which alone changes and lifts it.
    """

    id: int
    machine_id: int
    machine_slug: str
    machine_name: str
    workshop_id: int
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime
    created_by: int | None
    lifted_at: datetime | None
    around_reservations: bool
    revision: int
    course_id: int | None

    @property
    def span(self) -> TimeSpan:
        """When the machine is closed."""
        return TimeSpan(self.starts_at, self.ends_at)


def closure(session: Session, closure_id: int) -> ClosureView:
    """Return one closure, also a lifted one. Raises ClosureNotFound."""
    row = session.execute(_closures().where(Blocking.id == closure_id)).one_or_none()
    if row is None:
        raise ClosureNotFound(id=closure_id)
    return ClosureView(*row)


def closures_by_id(session: Session, closure_ids: Collection[int]) -> tuple[ClosureView, ...]:
    """Return closures, also lifted ones, soonest first."""
    statement = _closures().where(Blocking.id.in_(closure_ids)).order_by(Blocking.starts_at, Blocking.id)
    return tuple(ClosureView(*row) for row in session.execute(statement))


def closures(
    session: Session,
    *,
    now: datetime,
    workshop_ids: Collection[int] | None = None,
    machine_id: int | None = None,
    limit: int = 100,
) -> tuple[ClosureView, ...]:
    """Return the closures that are on or to come, soonest first. An empty collection of workshops matches nothing."""
    wanted = [Blocking.ends_at > now, Blocking.lifted_at.is_(None)]
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if machine_id is not None:
        wanted.append(Blocking.machine_id == machine_id)
    statement = _closures().where(*wanted).order_by(Blocking.starts_at, Blocking.id).limit(limit)
    return tuple(ClosureView(*row) for row in session.execute(statement))


def closure_now(session: Session, machine_id: int, *, now: datetime) -> ClosureView | None:
    """Return the closure of a machine that is on, the one that ends last; None where there is none."""
    is_on = (Blocking.machine_id == machine_id, Blocking.ends_at > now, Blocking.starts_at <= now)
    statement = _closures().where(*is_on, Blocking.lifted_at.is_(None)).order_by(Blocking.ends_at.desc()).limit(1)
    row = session.execute(statement).one_or_none()
    return None if row is None else ClosureView(*row)


def hit_by(session: Session, machine_id: int, span: TimeSpan) -> tuple[ReservationView, ...]:
    """Return the reservations that hold places of a machine during a span, in order; only its manager may see them."""
    statement = views().where(Reservation.id.in_(select(_HELD.c.hold_id)))
    in_order = statement.order_by(Reservation.starts_at, Reservation.id)
    return all_views(session, in_order, held_spans.during([machine_id], span))


def hit_by_any(session: Session, machine_id: int, spans: Collection[TimeSpan]) -> tuple[ReservationView, ...]:
    """Return the reservations that hold places of a machine during one of some spans, in order, by one statement."""
    overlaps = [and_(Occupancy.occupied_from < one.end, Occupancy.occupied_until > one.start) for one in spans]
    of_machine = select(Occupancy.hold_id).join(Unit, Unit.id == Occupancy.unit_id).where(Unit.machine_id == machine_id)
    statement = views().where(Reservation.id.in_(of_machine.where(or_(false(), *overlaps))))
    return all_views(session, statement.order_by(Reservation.starts_at, Reservation.id))


def undecided_counts(session: Session, found: Collection[ClosureView], *, now: datetime) -> dict[int, int]:
    """Return how many reservations of each closure around reservations wait for a decision; without those with none.

    One waits until it is moved, cancelled or over, or a manager decided after the closure that it stays.
    """
    is_open = or_(
        Reservation.accepted_at.is_(None),
        Reservation.accepted_at < Blocking.created_at,
        Reservation.accepted_at < Reservation.asked_at,
    )
    rows = session.execute(
        select(Blocking.id, func.count())
        .join(Reservation, Reservation.machine_id == Blocking.machine_id)
        .where(
            Blocking.id.in_([one.id for one in found if one.around_reservations]),
            Reservation.status.in_((Status.REQUESTED, Status.CONFIRMED)),
            or_(
                and_(
                    Reservation.ends_at > now,
                    Reservation.occupied_until > Blocking.starts_at,
                    Reservation.occupied_from < Blocking.ends_at,
                ),
                and_(  # while a move waits for approval
                    Reservation.former_ends_at > now,
                    Reservation.former_occupied_until > Blocking.starts_at,
                    Reservation.former_occupied_from < Blocking.ends_at,
                ),
            ),
            # Bounds the read in the index: no reservation is longer. A wished time lies after now.
            Reservation.starts_at > now - LONGEST,
            is_open,
        )
        .group_by(Blocking.id)
    )
    return {row[0]: row[1] for row in rows}


_COLUMNS = columns_of(
    ClosureView,
    Blocking,
    machine_slug=Machine.slug,
    machine_name=Machine.name,
    workshop_id=Machine.workshop_id,
    zone=converted(Workshop.timezone, ZoneInfo),
    course_id=CourseMachine.course_id,
)
_HELD = held_spans.holding(Occupancy.hold_id).subquery()


def _closures() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Machine, Machine.id == Blocking.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .outerjoin(CourseMachine, CourseMachine.blocking_id == Blocking.id)
    )
