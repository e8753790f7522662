"""Closures that repeat: entered together by a rule, each changed and lifted alone, or lifted together.

Verbs as in blockings.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import blockings, catalogue, occupancies, series_times
from booking.blockings import TWICE_WITHIN
from booking.errors import ClosureNotFound
from booking.kernel.events import Actor
from booking.models import Blocking, ClosureDate, ClosureSeries
from booking.series_times import Occurrence, SeriesTimes


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

    Around reservations and sent twice within some minutes, it is one series, as blockings.close() has it.
    Raises SeriesRefused (endless, too long, doubled hour, overlaps itself ...), and what blockings.close() raises.
    """
    found = series_times.occurrences(times)
    occupancies.lock_machines(session, [machine_id])
    catalogue.bookable_machine(session, machine_id)
    rrule = times.rule.to_rrule()
    if around_reservations and (same := _sent_before(session, machine_id, rrule, found[0], reason, now)) is not None:
        return same
    series = ClosureSeries(machine_id=machine_id, rrule=rrule, created_at=now, created_by=by.user_id)
    session.add(series)
    session.flush()
    for one in found:
        closure_id = blockings.enter(
            session, machine_id, one.span, reason, by=by, now=now, around_reservations=around_reservations
        )
        session.add(ClosureDate(series_id=series.id, occurs_on=one.day, blocking_id=closure_id))
    session.flush()
    return series.id


def _sent_before(
    session: Session, machine_id: int, rrule: str, first: Occurrence, reason: str, now: datetime
) -> int | None:
    """Return the series that was entered just before by the same rule, as a second click would."""
    joined = select(ClosureSeries.id).join(ClosureDate).join(Blocking, Blocking.id == ClosureDate.blocking_id)
    same_rule = (ClosureSeries.machine_id == machine_id, ClosureSeries.rrule == rrule)
    same_first = (Blocking.starts_at == first.span.start, Blocking.ends_at == first.span.end)
    is_open = (Blocking.reason == reason.strip(), Blocking.around_reservations, Blocking.lifted_at.is_(None))
    just_now = ClosureSeries.created_at > now - TWICE_WITHIN
    return session.scalar(joined.where(*same_rule, *same_first, *is_open, just_now).limit(1))


def lift_all(session: Session, series_id: int, *, by: Actor, now: datetime) -> int:
    """End the closures of a series that are on or to come; return how many. Raises ClosureNotFound."""
    if session.get(ClosureSeries, series_id, with_for_update=True) is None:
        raise ClosureNotFound(id=series_id)
    is_open = (Blocking.lifted_at.is_(None), Blocking.ends_at > now)
    of_series = select(Blocking.id).join(ClosureDate, ClosureDate.blocking_id == Blocking.id)
    wanted = of_series.where(ClosureDate.series_id == series_id, *is_open).order_by(Blocking.id)
    # All of them before their machine: whoever plans for one of them locks it first and the machine then.
    ids = session.scalars(wanted.with_for_update(of=Blocking)).all()
    for closure_id in ids:
        blockings.lift(session, closure_id, by=by, now=now)
    return len(ids)
