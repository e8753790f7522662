"""Taking and releasing places: with occupancy_rows.py the only code that writes the table that the guard protects.

Whatever takes places has a row in booking_hold, its hold; a reservation and its hold have the same id, and so have a
closure and its hold.

A closure around reservations takes places wherever they are free in its span. What is released in that span later
is taken by the closure before the transaction ends, so that nobody else can reserve it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from booking.errors.schedule_errors import SlotTaken
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.transaction import is_writing
from booking.models import Hold, HoldKind, Occupancy, Unit
from booking.places import closure_gaps, freed_time, held_spans, place_choice
from booking.places.occupancy_rows import Freed, delete_rows, hull_of, insert_rows, row_of
from booking.places.place_assignment import Moved, Taking, TakingKey
from booking.timespan import TimeSpan

NO_OVERLAP = "booking_occupancy_no_overlap"
MACHINE_LOCKS = 1  # the first key of PostgreSQL's advisory locks on machines; the second is the machine's id

_hold, _unit = table_of(Hold), table_of(Unit)
_PLACES_OF = (
    select(_unit.c.id)
    .where(_unit.c.machine_id == bindparam("machine_id"), _unit.c.retired_at.is_(None))
    .order_by(_unit.c.number)
)
_LOCK = select(func.pg_advisory_xact_lock(MACHINE_LOCKS, bindparam("machine_id")))
_ADD_HOLD, _ADD_HOLDS = PreparedStatement(insert(_hold)), insert(_hold).returning(_hold.c.id)
_other = aliased(Occupancy)
_neighbour = select(_other).where(_other.unit_id == Occupancy.unit_id).limit(1).correlate(Occupancy)
_WITH_NEIGHBOURS = select(
    Occupancy.id,
    Occupancy.unit_id,
    Occupancy.occupied_from,
    Occupancy.occupied_until,
    _neighbour.with_only_columns(_other.occupied_until)
    .where(_other.occupied_from < Occupancy.occupied_from)
    .order_by(_other.occupied_from.desc())
    .scalar_subquery()
    .label("free_from"),
    _neighbour.with_only_columns(_other.occupied_from)
    .where(_other.occupied_from > Occupancy.occupied_from)
    .order_by(_other.occupied_from)
    .scalar_subquery()
    .label("free_until"),
).where(Occupancy.hold_id == bindparam("hold_id"))


def lock_machines(session: Session, machine_ids: Iterable[int]) -> None:
    """Make other takers of these machines wait until the commit. Call before reading what the decision depends on.

    Only PostgreSQL needs the locks, against deadlocks on the exclusion constraint: SQLite has one writer anyway. The
    machines are locked in the order of their ids, so that two callers cannot deadlock. See docs/locking.md.

    Raises RuntimeError outside write_transaction(): the locks would be released before anything is written.
    """
    if not is_writing(session):
        raise RuntimeError("machines are locked until the commit: call this inside write_transaction()")
    if session.get_bind().dialect.name == "postgresql":
        for machine_id in sorted(set(machine_ids)):
            session.execute(_LOCK, {"machine_id": machine_id})


def places_of(session: Session, machine_id: int) -> Sequence[int]:
    """Return the ids of a machine's places in the order of their numbers, without retired ones."""
    return session.scalars(_PLACES_OF, {"machine_id": machine_id}).all()


def add_holds(session: Session, kind: HoldKind, count: int = 1) -> Sequence[int]:
    """Add holds for new reservations or closures; return their ids, which are also those of their owners."""
    connection = session.connection()
    if count == 1:
        hold_id = _ADD_HOLD.run(connection, {"kind": kind.value})
        return [] if hold_id is None else [hold_id]
    return sorted(connection.execute(_ADD_HOLDS, [{"kind": kind.value}] * count).scalars())


@contextmanager
def overlap_as_slot_taken(takings: Sequence[Taking]) -> Iterator[None]:
    """Translate the database's overlap error into SlotTaken. takings: what one statement takes of one machine."""
    try:
        yield
    except IntegrityError as error:
        if NO_OVERLAP not in str(error.orig):
            raise
        raise _slot_taken(takings) from error


def take(session: Session, takings: Sequence[Taking], *, now: datetime) -> None:
    """Take places for one or more holds: all of them or none.

    What fits by counting is taken: what has not begun may be put on other places of the machine for it. That is no
    change of those reservations, because the places of a machine are equal: no revision, no event. Raises SlotTaken.
    """
    _close_again(session, _take(session, takings, now))


def _take(session: Session, takings: Sequence[Taking], now: datetime) -> Sequence[Freed]:
    """Take places; return what closures around reservations have to take again."""
    assigned = place_choice.choose(session, [taking for taking in takings if taking.has_choice], now=now)
    chosen: Mapping[TakingKey, Sequence[int]] = {each.key: each.place_ids for each in takings} | assigned.chosen
    by_machine: dict[int, list[Taking]] = {}
    for taking in takings:
        if not chosen[taking.key]:
            raise _slot_taken([taking])
        by_machine.setdefault(taking.machine_id, []).append(taking)
    freed = _move(session, assigned.moved)
    for _machine_id, of_machine in sorted(by_machine.items()):
        rows = [
            row_of(taking.hold_id, place_id, taking.occupied)
            for taking in of_machine
            for place_id in chosen[taking.key]
        ]
        with overlap_as_slot_taken(of_machine):
            insert_rows(session, rows)
    return freed


def move(session: Session, moved: Sequence[Moved]) -> None:
    """Put occupancies on other places of their machine, which is locked; closures around them take what they leave."""
    _close_again(session, _move(session, moved))


def _move(session: Session, moved: Sequence[Moved]) -> Sequence[Freed]:
    """Put occupancies on other places; return what they left, and what closures around reservations left to them.

    All of them leave their places before one takes another: the guard would refuse an exchange of two places.
    """
    if not moved:
        return ()
    left = delete_rows(session, Occupancy.id.in_([one.occupancy_id for one in moved]))
    closures = closure_gaps.open_closures_around(session, moved[0].place_id, hull_of(left))
    if closures:
        in_the_way = or_(*(_overlaps(one.place_id, one.occupied) for one in moved))
        closure_ids = [closure_id for closure_id, *_ in closures]
        left = [*left, *delete_rows(session, Occupancy.hold_id.in_(closure_ids), in_the_way)]
    insert_rows(session, [row_of(one.hold_id, one.place_id, one.occupied) for one in moved])
    return left


def _overlaps(place_id: int, span: TimeSpan) -> ColumnElement[bool]:
    return and_(
        Occupancy.unit_id == place_id, Occupancy.occupied_from < span.end, Occupancy.occupied_until > span.start
    )


def drop(session: Session, occupancy_ids: Collection[int]) -> None:
    """Delete occupancies of a locked machine."""
    delete_rows(session, Occupancy.id.in_(occupancy_ids))


def take_gaps(
    session: Session, machine_id: int, place_ids: Sequence[int], closures: Sequence[tuple[int, TimeSpan]]
) -> None:
    """Take places for closures, one after the other, wherever they are free in their spans; what holds them stays.

    What the closures held of these places before is released first. Lock the machine before.
    """
    closure_ids, spans = [one for one, _span in closures], [span for _one, span in closures]
    delete_rows(session, Occupancy.hold_id.in_(closure_ids), Occupancy.unit_id.in_(place_ids))
    within = TimeSpan(min(span.start for span in spans), max(span.end for span in spans))
    held = held_spans.by_place(session, [machine_id], within)
    rows = [
        row_of(closure_id, place_id, gap)
        for place_id in place_ids
        for closure_id, gap in closure_gaps.gaps_of_all(held.get(place_id, ()), closures)
    ]
    if rows:
        insert_rows(session, rows)


def release(session: Session, *hold_ids: int) -> None:
    """Release every place that holds of one machine took; closures around reservations take them in their span."""
    _lock_machine_of(session, hold_ids)
    _close_again(session, delete_rows(session, Occupancy.hold_id.in_(hold_ids)))


def retake(session: Session, *takings: Taking, now: datetime) -> None:
    """Replace the span and the places of one hold on a locked machine; what it no longer holds is released.

    takings: one, or several for disjoint spans. While its time runs, only what is left of it has to be free. It stays
    on its places, because they may be out, and holds the past as far as nobody else does. Raises SlotTaken.
    """
    freed = list(delete_rows(session, Occupancy.hold_id == takings[0].hold_id))
    held = [(place_id, since, until) for place_id, since, until in freed]
    over = [taking for taking in takings if taking.is_over(now)]
    left = [taking.from_now(held, now) for taking in takings if taking not in over]
    # Chosen together, because places are chosen by what closures hold. Without a choice each is refused for its span.
    for together in [left] if takings[0].has_choice else [[taking] for taking in left]:
        freed += _take(session, together, now)
    for taking in over:
        if rows := [row_of(taking.hold_id, place_id, span) for place_id, span in taking.past_of(held)]:
            insert_rows(session, rows)
    _take_past(session, takings, now)
    _close_again(session, freed)


def retake_all(session: Session, takings: Sequence[Taking], *, now: datetime) -> None:
    """Replace what closures hold of a locked machine: each takes every place for its span. Raises SlotTaken.

    All leave their times before one takes another, so that they may take those of each other.
    """
    freed = list(delete_rows(session, Occupancy.hold_id.in_([one.hold_id for one in takings])))
    if len(takings) > 1:  # of several the guard does not report which one it refused
        place_choice.choose(session, [one for one in takings if not one.has_choice], now=now)
    freed += _take(session, takings, now)
    _close_again(session, freed)


def _take_past(session: Session, takings: Sequence[Taking], now: datetime) -> None:
    """Give a hold the part of its running time that is past, on its places of now, as far as nobody else had them."""
    for taking in takings:
        if taking.occupied.start < now < taking.occupied.end and taking.places is not None:
            of_now = _WITH_NEIGHBOURS.where(Occupancy.occupied_from == now)
            for row in session.execute(of_now, {"hold_id": taking.hold_id}).all():
                since = max(taking.occupied.start, row.free_from or taking.occupied.start)
                _set_span(session, row.id, TimeSpan(since, row.occupied_until))


def left_of(session: Session, taking: Taking, now: datetime) -> Taking:
    """Return what is left of the time of a hold, on the places that it has now, as `retake` would take it."""
    held = select(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until)
    rows = session.execute(held.where(Occupancy.hold_id == taking.hold_id)).all()
    return taking.from_now(((place_id, since, until) for place_id, since, until in rows), now)


def places_held_by(session: Session, hold_id: int) -> Sequence[int]:
    """Return the ids of the places that a hold has taken."""
    return session.scalars(select(Occupancy.unit_id).where(Occupancy.hold_id == hold_id)).all()


def resize(session: Session, hold_id: int, occupied: TimeSpan) -> None:
    """Give a hold another span on its places, as far as nothing else holds them; the machine is locked.

    On each place the span is cut where the hold before it ends and where the next one begins. A place on which
    nothing is left of it is released. Closures around reservations take what it leaves.
    """
    held = session.execute(_WITH_NEIGHBOURS, {"hold_id": hold_id}).all()
    for row in held:
        since = max(occupied.start, row.free_from or occupied.start)
        until = min(occupied.end, row.free_until or occupied.end)
        if since < until:
            _set_span(session, row.id, TimeSpan(since, until))
        else:
            drop(session, [row.id])
    _close_again(session, [(row.unit_id, row.occupied_from, row.occupied_until) for row in held])


def _set_span(session: Session, occupancy_id: int, span: TimeSpan) -> None:
    values = {"occupied_from": span.start, "occupied_until": span.end}
    session.execute(update(table_of(Occupancy)).where(Occupancy.id == occupancy_id).values(values))


def _close_again(session: Session, freed: Sequence[Freed]) -> None:
    """Note what was released, and take it for the closures around reservations wherever it is free now."""
    if not freed:
        return
    freed_time.note(session, freed)
    unit_ids = {unit_id for unit_id, _since, _until in freed}
    found = closure_gaps.open_closures_around(session, min(unit_ids), hull_of(freed))
    if found:
        machine_id = found[0][1]
        place_ids = [place_id for place_id in places_of(session, machine_id) if place_id in unit_ids]
        take_gaps(session, machine_id, place_ids, [(closure_id, span) for closure_id, _machine_id, span in found])


def _lock_machine_of(session: Session, hold_ids: Collection[int]) -> None:
    """Lock the machine of holds, so that a closure that is being entered sees what is released, or is seen.

    Without it, a hold that another transaction is putting on other places would keep them.
    """
    if session.get_bind().dialect.name == "postgresql":
        machine_ids = select(Unit.machine_id).join(Occupancy, Occupancy.unit_id == Unit.id)
        lock_machines(session, session.scalars(machine_ids.where(Occupancy.hold_id.in_(hold_ids)).distinct()))


def give_back(session: Session, hold_id: int, occupied: TimeSpan, places: int) -> None:
    """Release the time of a hold outside a span within it, and the places above a number; it keeps the others."""
    held = sorted(places_held_by(session, hold_id))
    _close_again(session, delete_rows(session, Occupancy.hold_id == hold_id, Occupancy.unit_id.in_(held[places:])))
    resize(session, hold_id, occupied)


def _slot_taken(takings: Sequence[Taking]) -> SlotTaken:
    """Return the error for takings of one machine; of several, the guard does not report which one it refused."""
    span = place_choice.hull(takings)
    return place_choice.slot_taken(replace(takings[0], occupied=span), 0, span)
