"""Closures around reservations: which are open on a machine, and the time that is left for them on a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import Blocking, Unit
from booking.timespan import TimeSpan


def open_closures_around(session: Session, unit_id: int, span: TimeSpan) -> list[tuple[int, int, TimeSpan]]:
    """Return the closures around reservations on the machine of a place that overlap a span.

    Each as (id, machine id, span), in the order of their start.
    """
    machine_id = select(Unit.machine_id).where(Unit.id == unit_id).scalar_subquery()
    rows = session.execute(
        select(Blocking.id, Blocking.machine_id, Blocking.starts_at, Blocking.ends_at)
        .where(
            Blocking.machine_id == machine_id,
            Blocking.around_reservations,
            Blocking.lifted_at.is_(None),
            Blocking.ends_at > span.start,
            Blocking.starts_at < span.end,
        )
        .order_by(Blocking.starts_at, Blocking.id)
    )
    return [(row.id, row.machine_id, TimeSpan(row.starts_at, row.ends_at)) for row in rows]


def gaps_of_all(
    held: Iterable[tuple[datetime, datetime]], closures: Iterable[tuple[int, TimeSpan]]
) -> Iterator[tuple[int, TimeSpan]]:
    """Yield what closures take of a place, with their ids: each the gaps that those before it leave in its span."""
    taken = list(held)
    for closure_id, span in closures:
        for gap in list(gaps(taken, span)):
            taken.append((gap.start, gap.end))
            yield closure_id, gap


def gaps(held: Iterable[tuple[datetime, datetime]], span: TimeSpan) -> Iterator[TimeSpan]:
    """Yield the parts of a span that are not held, in order. held: spans (from, until) that may overlap each other."""
    free_from = span.start
    for since, until in sorted(held):
        if free_from >= span.end:
            return
        if since > free_from:
            yield TimeSpan(free_from, min(since, span.end))
        free_from = max(free_from, until)
    if free_from < span.end:
        yield TimeSpan(free_from, span.end)
