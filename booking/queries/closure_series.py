"""Closures that repeat, for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ClosureNotFound
from booking.models import Blocking, ClosureDate, ClosureSeries, Machine
from booking.queries.closures import ClosureView, closures_by_id


@dataclass(frozen=True, slots=True)
class ClosureSeriesView:
    """A rule by which a machine is closed. closure_ids: its closures in the order of their days; at most 200."""

    id: int
    machine_id: int
    workshop_id: int
    rrule: str
    closure_ids: tuple[int, ...]


def closure_series(session: Session, series_id: int) -> ClosureSeriesView:
    """Return a series of closures. Raises ClosureNotFound."""
    statement = select(ClosureSeries.machine_id, Machine.workshop_id, ClosureSeries.rrule)
    joined = statement.join(Machine, Machine.id == ClosureSeries.machine_id)
    row = session.execute(joined.where(ClosureSeries.id == series_id)).one_or_none()
    if row is None:
        raise ClosureNotFound(id=series_id)
    ids = select(ClosureDate.blocking_id).where(ClosureDate.series_id == series_id).order_by(ClosureDate.occurs_on)
    return ClosureSeriesView(series_id, *row, tuple(session.scalars(ids)))


def closures_of(session: Session, view: ClosureSeriesView) -> tuple[ClosureView, ...]:
    """Return the closures of a series, soonest first."""
    return closures_by_id(session, view.closure_ids)


def series_left(session: Session, closure_id: int, *, now: datetime) -> tuple[int, int] | None:
    """Return the series of a closure and how many of its closures are on or to come; None for a single one."""
    series_id = session.scalar(select(ClosureDate.series_id).where(ClosureDate.blocking_id == closure_id))
    if series_id is None:
        return None
    is_open = (Blocking.lifted_at.is_(None), Blocking.ends_at > now)
    count = select(func.count()).select_from(ClosureDate).join(Blocking, Blocking.id == ClosureDate.blocking_id)
    return series_id, session.scalar(count.where(ClosureDate.series_id == series_id, *is_open)) or 0
