"""The spans that hold the places of machines, read through the index alone, however long the past is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    false,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from booking.kernel.orm import UtcDateTime
from booking.kernel.views import Selectable
from booking.models import Occupancy, Unit
from booking.timespan import TimeSpan

MOMENT = timedelta(microseconds=1)  # instants are no finer


def holding(*columns: Selectable) -> CompoundSelect[*tuple[Any, ...]]:
    """Return the query for what holds the places of machines during a span: columns of Unit and Occupancy, unordered.

    Build it once and execute it with `during(machine_ids, span)`. It reads through the index (unit_id, occupied_from)
    alone and never scans history: the rows of a place are disjoint, so those that overlap the span are those that
    begin in it, and at most one that began before it, the last one before its start.
    """
    since, until = bindparam("since", type_=UtcDateTime), bindparam("until", type_=UtcDateTime)
    begins_inside = and_(
        Occupancy.unit_id == Unit.id, Occupancy.occupied_from >= since, Occupancy.occupied_from < until
    )
    reaches_into = and_(Occupancy.id == _last_before(since), Occupancy.occupied_until > since)
    return union_all(_of_wanted(columns, begins_inside), _of_wanted(columns, reaches_into))


def holding_at(*columns: Selectable) -> Select[*tuple[Any, ...]]:
    """Return the same query for a span of one MOMENT, in which one row at most holds a place: half the look-ups."""
    since, until = bindparam("since", type_=UtcDateTime), bindparam("until", type_=UtcDateTime)
    return _of_wanted(columns, and_(Occupancy.id == _last_before(until), Occupancy.occupied_until > since))


def _last_before(instant: BindParameter[datetime]) -> ScalarSelect[int]:
    earlier = aliased(Occupancy)
    return (
        select(earlier.id)
        .where(earlier.unit_id == Unit.id, earlier.occupied_from < instant)
        .order_by(earlier.occupied_from.desc())
        .limit(1)
        .correlate(Unit)
        .scalar_subquery()
    )


def _of_wanted(columns: Iterable[Selectable], is_held: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    is_wanted = Unit.machine_id.in_(bindparam("machine_ids", expanding=True))
    return select(*columns).select_from(Unit).join(Occupancy, is_held).where(is_wanted)


def during(machine_ids: Collection[int], span: TimeSpan) -> dict[str, Any]:
    """Return the parameters of a query that `holding` built."""
    return {"machine_ids": list(machine_ids), "since": span.start, "until": span.end}


def overlap_any(
    since: InstrumentedAttribute[datetime], until: InstrumentedAttribute[datetime], spans: Iterable[TimeSpan]
) -> ColumnElement[bool]:
    """Return the condition that what is stored from `since` until `until` overlaps one of several spans."""
    return or_(false(), *(and_(since < span.end, until > span.start) for span in spans))


_SPANS = holding(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until, Occupancy.hold_id)


def by_hold(session: Session, machine_ids: Collection[int], span: TimeSpan) -> Iterator[tuple[datetime, datetime, int]]:
    """Yield what holds places of machines during a span (from, until, id of the hold), once for each place."""
    for _unit_id, since, until, hold_id in session.connection().execute(_SPANS, during(machine_ids, span)):
        yield since, until, hold_id


def by_place(
    session: Session, machine_ids: Collection[int], span: TimeSpan, *, excluding: int | None = None
) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return the spans (from, until) that hold the places of machines during a span, by place, unordered.

    excluding: a hold that is left out.
    """
    held: dict[int, list[tuple[datetime, datetime]]] = {}
    for unit_id, since, until, hold_id in session.connection().execute(_SPANS, during(machine_ids, span)):
        if hold_id != excluding:
            held.setdefault(unit_id, []).append((since, until))
    return held
