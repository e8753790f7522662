"""The neighbours of a reservation on its machine, and what happens on the machines on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CTE, ColumnElement, CompoundSelect, Integer, and_, column, select, union, union_all, values
from sqlalchemy.orm import Session, aliased

from booking.kernel.orm import UtcDateTime
from booking.kernel.views import without_index
from booking.models import HOLDING, IS_LONG, IS_OUT, Machine, Occupancy, Reservation, Status, Unit
from booking.queries.reservation_views import ReservationView, held_times, view, views
from booking.queries.reservations import LONGEST, SHORT

AROUND_HOURS = 24

_HAPPENING = (*HOLDING, Status.COMPLETED)


def neighbours(
    session: Session, found: Sequence[ReservationView], *, hours: int = AROUND_HOURS
) -> dict[int, tuple[ReservationView, ...]]:
    """Return what else holds the machine within some hours before and after each of some reservations.

    Id of the reservation -> the others, in order of time; a reservation without neighbours is left out.
    """
    if not found:
        return {}
    # In two statements: joined to what they show, some versions of SQLite would walk through all reservations.
    middles: dict[int, list[int]] = defaultdict(list)
    for middle_id, hold_id in session.execute(_near_holds(found, timedelta(hours=hours))):
        middles[hold_id].append(middle_id)
    statement = views().where(Reservation.id.in_(middles)).order_by(Reservation.starts_at, Reservation.id)
    grouped: dict[int, list[ReservationView]] = defaultdict(list)
    for other in map(view, session.execute(statement)):
        for middle_id in middles[other.id]:
            grouped[middle_id].append(other)
    return {middle_id: tuple(others) for middle_id, others in grouped.items()}


def todays_machines(
    session: Session, workshop_ids: Collection[int] | None, since: datetime, until: datetime
) -> tuple[ReservationView, ...]:
    """Return what happens on the machines between two instants (a day), by machine, in order of time.

    Requested, confirmed, out and completed reservations, and those still out from before. While a move waits for
    approval, the former and the wished time are each shown on their days.
    """
    statement = views().where(
        Reservation.id.in_(_in_reach(since, until)), without_index(Reservation.status.in_(_HAPPENING))
    )
    if workshop_ids is not None:
        statement = statement.where(without_index(Machine.workshop_id.in_(workshop_ids)))
    statement = statement.order_by(Machine.name, Machine.id, Reservation.starts_at, Reservation.id)
    found = (each for row in session.execute(statement) for each in held_times(view(row)))
    # In the statement, these conditions would make the database read the history of each machine.
    shown = (one for one in found if one.starts_at < until and (one.ends_at > since or one.status is Status.IN_USE))
    return tuple(sorted(shown, key=lambda one: (one.machine_name, one.machine_id, one.starts_at, one.id)))


def _in_reach(since: datetime, until: datetime) -> CompoundSelect[int]:
    """Return the statement of the reservations around a day, each part a range of an index, however many machines."""
    start, former = Reservation.starts_at, Reservation.former_starts_at
    lasts = Reservation.ends_at > since
    parts = (
        (start >= since, start < until),
        (start > since - SHORT, start < since, lasts),
        (IS_LONG, start > since - LONGEST, start <= since - SHORT, lasts),
        (former.is_not(None), former < until, Reservation.former_ends_at > since),
        (IS_OUT,),
    )
    return union_all(*(select(Reservation.id).where(*part) for part in parts))


def _near_holds(found: Sequence[ReservationView], reach: timedelta) -> CompoundSelect[int, int]:
    """Return the statement that reads pairs: a reservation (its middle_id), and a hold near it on the same machine."""
    middles = _middles(found, reach)
    return union(
        *(
            select(middles.c.id.label("middle_id"), Occupancy.hold_id)
            .select_from(middles)
            .join(Unit, Unit.machine_id == middles.c.machine_id)
            .join(Occupancy, is_near)
            .where(Occupancy.hold_id != middles.c.id)
            for is_near in _nearnesses(middles)
        )
    )


def _middles(found: Sequence[ReservationView], reach: timedelta) -> CTE:
    """Return the reservations as rows to join with: id, machine, from when and until when to look."""
    columns = (column("id", Integer), column("machine_id", Integer))
    span = (column("since", UtcDateTime), column("until", UtcDateTime))
    rows = [(one.id, one.machine_id, one.starts_at - reach, one.ends_at + reach) for one in found]
    return values(*columns, *span, name="middle").data(rows).cte("middles")


def _nearnesses(middles: CTE) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the two conditions for a near occupancy, each a range of the index; see held_spans.holding."""
    earlier = aliased(Occupancy)
    last_before = (
        select(earlier.id)
        .where(earlier.unit_id == Unit.id, earlier.occupied_from < middles.c.since)
        .order_by(earlier.occupied_from.desc())
        .limit(1)
        .correlate(Unit, middles)
        .scalar_subquery()
    )
    begins_near = and_(
        Occupancy.unit_id == Unit.id,
        Occupancy.occupied_from >= middles.c.since,
        Occupancy.occupied_from < middles.c.until,
    )
    return begins_near, and_(Occupancy.id == last_before, Occupancy.occupied_until > middles.c.since)
