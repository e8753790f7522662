"""Closures of machines, and the reservations that a planned one would hit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from booking import held_spans
from booking.errors import ClosureNotFound
from booking.kernel.views import columns_of, converted
from booking.models import Blocking, Machine, Occupancy, Reservation, Workshop
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A machine is out of service for a span. created_by: user id; lifted_at: when it was ended early.

    around_reservations: reservations that were there stay in its span until they are moved or cancelled.
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


def hit_by(session: Session, machine_id: int, span: TimeSpan) -> tuple[ReservationView, ...]:
    """Return the reservations that hold places of a machine during a span, in order; only its manager may see them."""
    statement = views().where(Reservation.id.in_(select(_HELD.c.hold_id)))
    in_order = statement.order_by(Reservation.starts_at, Reservation.id)
    return all_views(session, in_order, held_spans.during([machine_id], span))


_COLUMNS = columns_of(
    ClosureView,
    Blocking,
    machine_slug=Machine.slug,
    machine_name=Machine.name,
    workshop_id=Machine.workshop_id,
    zone=converted(Workshop.timezone, ZoneInfo),
)
_HELD = held_spans.holding(Occupancy.hold_id).subquery()


def _closures() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Machine, Machine.id == Blocking.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
    )
