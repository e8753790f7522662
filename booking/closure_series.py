"""Closures that repeat: entered together by a rule, each changed and lifted alone, or lifted together.

Verbs as in blockings.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import blockings, occupancies, series_times
from booking.errors import ClosureNotFound
from booking.kernel.events import Actor
from booking.models import Blocking, ClosureDate, ClosureSeries
from booking.series_times import SeriesTimes


def close_repeatedly(
    session: Session,
    machine_id: int,
    times: SeriesTimes,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    around_reservations: bool = False,
) -> int:
    """Close a machine for every occurrence of a rule, all or none; return the id of the series.

    Raises SeriesRefused (endless, too long, doubled hour, overlaps itself ...), and what blockings.close() raises.
    """
    found = series_times.occurrences(times)
    occupancies.lock_machines(session, [machine_id])
    series = ClosureSeries(machine_id=machine_id, rrule=times.rule.to_rrule(), created_at=now, created_by=by.user_id)
    session.add(series)
    session.flush()
    for one in found:
        closure_id = blockings.close(
            session, machine_id, one.span, reason, by=by, now=now, around_reservations=around_reservations
        )
        session.add(ClosureDate(series_id=series.id, occurs_on=one.day, blocking_id=closure_id))
    session.flush()
    return series.id


def lift_all(session: Session, series_id: int, *, by: Actor, now: datetime) -> int:
    """End the closures of a series that are on or to come; return how many. Raises ClosureNotFound."""
    if session.get(ClosureSeries, series_id, with_for_update=True) is None:
        raise ClosureNotFound(id=series_id)
    is_open = (Blocking.lifted_at.is_(None), Blocking.ends_at > now)
    of_series = select(Blocking.id).join(ClosureDate, ClosureDate.blocking_id == Blocking.id)
    ids = session.scalars(of_series.where(ClosureDate.series_id == series_id, *is_open).order_by(Blocking.id)).all()
    for closure_id in ids:
        blockings.lift(session, closure_id, by=by, now=now)
    return len(ids)
