"""Closures that repeat: entered together by a rule, changed and lifted one by one or together.

Verbs as in blockings.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from booking.closures import blockings
from booking.closures.blockings import TWICE_WITHIN
from booking.errors.schedule_errors import ClosureNotFound
from booking.kernel.events import Actor
from booking.models import Blocking, ClosureDate, ClosureSeries
from booking.places import occupancies
from booking.records import catalogue
from booking.times import series_times
from booking.times.series_times import Occurrence, SeriesTimes
from booking.times.wall_clock import later_by_clock, to_wall
from booking.timespan import TimeSpan


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
    spans = [one.span for one in found]
    closure_ids = blockings.enter_all(
        session, machine_id, spans, reason, by=by, now=now, around_reservations=around_reservations
    )
    session.add_all(
        ClosureDate(series_id=series.id, occurs_on=one.day, blocking_id=closure_id)
        for one, closure_id in zip(found, closure_ids, strict=True)
    )
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


def change_all(
    session: Session,
    closure_id: int,
    span: TimeSpan,
    reason: str,
    zone: ZoneInfo,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    around_reservations: bool = False,
) -> int:
    """Change a closure of a rule, and those after now by as much of the clock; return how many. All or none.

    Each gets the reason. One that was moved alone is moved from where it is. A single closure is changed alone.
    Raises what blockings.change() raises.
    """
    series_id = series_of(session, closure_id)
    if series_id is not None:
        session.get(ClosureSeries, series_id, with_for_update=True)
    changed = _locked_to_come(session, series_id, closure_id, now)
    blockings.locked(session, closure_id, revision)  # the others are open, and of no course
    blockings.lock_machines_of(session, changed)
    spans = spans_of_change([(one.id, _span_of(one)) for one in changed], closure_id, span, zone)
    in_order = sorted(changed, key=lambda each: each.starts_at)
    changes = [(one, spans[one.id]) for one in in_order]
    blockings.change_locked(session, changes, reason, by=by, now=now, around_reservations=around_reservations)
    return len(changed)


def spans_of_change(
    found: Sequence[tuple[int, TimeSpan]], closure_id: int, span: TimeSpan, zone: ZoneInfo
) -> dict[int, TimeSpan]:
    """Return the spans of closures, by id, when one of them gets another span and the others go with it. Pure."""
    before = dict(found).get(closure_id, span)
    start_moves, end_moves = (
        to_wall(after, zone) - to_wall(old, zone) for old, after in ((before.start, span.start), (before.end, span.end))
    )
    return {
        one_id: span if one_id == closure_id else _moved(one, start_moves, end_moves, zone) for one_id, one in found
    }


def to_come(session: Session, closure_id: int, *, now: datetime) -> Sequence[tuple[int, TimeSpan]]:
    """Return a closure and those of its rule that begin after now, each with its span, for a preview."""
    found = session.scalars(_to_come(series_of(session, closure_id), closure_id, now)).all()
    return [(one.id, _span_of(one)) for one in found]


def series_of(session: Session, closure_id: int) -> int | None:
    """Return the rule of a closure; None for a single one."""
    return session.scalar(select(ClosureDate.series_id).where(ClosureDate.blocking_id == closure_id))


def _to_come(series_id: int | None, closure_id: int, now: datetime) -> Select[Blocking]:
    of_rule = select(ClosureDate.blocking_id).where(ClosureDate.series_id == series_id)
    is_to_come = and_(Blocking.id.in_(of_rule), Blocking.starts_at > now, Blocking.lifted_at.is_(None))
    return select(Blocking).where(or_(Blocking.id == closure_id, is_to_come)).order_by(Blocking.id)


def _locked_to_come(session: Session, series_id: int | None, closure_id: int, now: datetime) -> Sequence[Blocking]:
    found = _to_come(series_id, closure_id, now).with_for_update(of=Blocking)
    rows = session.scalars(found.execution_options(populate_existing=True)).all()
    if not any(one.id == closure_id for one in rows):
        raise ClosureNotFound(id=closure_id)
    return rows


def _span_of(closure: Blocking) -> TimeSpan:
    return TimeSpan(closure.starts_at, closure.ends_at)


def _moved(span: TimeSpan, start_moves: timedelta, end_moves: timedelta, zone: ZoneInfo) -> TimeSpan:
    """Return a span moved by the clock; where a change of the clock leaves nothing of it, as long as it was."""
    start, end = later_by_clock(span.start, start_moves, zone), later_by_clock(span.end, end_moves, zone)
    return TimeSpan(start, end if end > start else start + span.length)


def lift_all(session: Session, series_id: int, *, by: Actor, now: datetime) -> int:
    """End the closures of a series that are on or to come; return how many. Raises ClosureNotFound."""
    if session.get(ClosureSeries, series_id, with_for_update=True) is None:
        raise ClosureNotFound(id=series_id)
    is_open = (Blocking.lifted_at.is_(None), Blocking.ends_at > now)
    of_series = select(Blocking.id).join(ClosureDate, ClosureDate.blocking_id == Blocking.id)
    wanted = of_series.where(ClosureDate.series_id == series_id, *is_open).order_by(Blocking.id)
    # All of them before their machine: whoever plans for one of them locks it first and the machine then.
    ids = session.scalars(wanted.with_for_update(of=Blocking)).all()
    wanted_rows = select(Blocking).where(Blocking.id.in_(ids)).order_by(Blocking.id)
    found = session.scalars(wanted_rows.execution_options(populate_existing=True)).all()
    blockings.lock_machines_of(session, found)  # with what is held for their reservations
    if found:
        blockings.lift_locked(session, found, by=by, now=now)
    return len(found)
