"""Audits of the schedule: what must never be found. Each returns what it found; `ring check` tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from booking.models import ENDED_WITHOUT_USE, HOLDING, Blocking, Occupancy, Reservation, Status, Unit

TOLD_MAX = 1_000  # a list of broken promises is read by a person


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two occupancies hold one place at once. Of each, either the reservation or the closure is named."""

    unit_id: int
    first_reservation_id: int | None
    first_blocking_id: int | None
    second_reservation_id: int | None
    second_blocking_id: int | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A reservation or a closure and what it holds do not agree.

    what: places_missing (it holds fewer or more places than it should), held_after_end (it ended without use, or was
    lifted, and still holds), other_span (it holds another span than it says), other_machine.
    """

    what: str
    reservation_id: int | None = None
    blocking_id: int | None = None


def overlapping_pairs(session: Session) -> tuple[Overlap, ...]:
    """Pairs of occupancies that hold one place at once, found in one sorted pass over the table.

    A row overlaps some row before it exactly when it begins before the furthest end of those before it. Only for
    such rows, of which there should be none, the partners are looked up.
    """
    furthest_end = func.max(Occupancy.occupied_until).over(
        partition_by=Occupancy.unit_id, order_by=(Occupancy.occupied_from, Occupancy.id), rows=(None, -1)
    )
    passed = select(Occupancy.id, Occupancy.occupied_from, furthest_end.label("furthest_end")).subquery()
    offenders = select(passed.c.id).where(passed.c.occupied_from < passed.c.furthest_end)
    first, second = aliased(Occupancy), aliased(Occupancy)
    is_before = or_(
        first.occupied_from < second.occupied_from,
        and_(first.occupied_from == second.occupied_from, first.id < second.id),
    )
    rows = session.execute(
        select(second.unit_id, first.reservation_id, first.blocking_id, second.reservation_id, second.blocking_id)
        .join(first, and_(first.unit_id == second.unit_id, is_before, first.occupied_until > second.occupied_from))
        .where(second.id.in_(offenders))
        .order_by(second.unit_id, second.occupied_from, second.id, first.id)
        .limit(TOLD_MAX)
    )
    return tuple(Overlap(*row) for row in rows)


def contradictions(session: Session) -> tuple[Contradiction, ...]:
    """Reservations and closures that do not hold what they say: at most a thousand of each sort."""
    return (*_of_reservations(session), *_of_closures(session))


def _of_reservations(session: Session) -> Iterator[Contradiction]:
    is_held = Occupancy.reservation_id == Reservation.id
    rows_held = select(func.count()).where(is_held).correlate(Reservation).scalar_subquery()
    # A completed reservation keeps its past; one handed back before it began has none.
    is_short = or_(
        and_(Reservation.status.in_(HOLDING), rows_held != Reservation.places),
        and_(Reservation.status == Status.COMPLETED, rows_held.not_in((0, Reservation.places))),
    )
    is_of_other_span = or_(
        Occupancy.occupied_from != Reservation.occupied_from, Occupancy.occupied_until != Reservation.occupied_until
    )
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Reservation.machine_id)
    findings: dict[str, ColumnElement[bool]] = {
        "places_missing": is_short,
        "held_after_end": and_(Reservation.status.in_(ENDED_WITHOUT_USE), exists().where(is_held)),
        "other_span": exists().where(is_held, is_of_other_span),
        "other_machine": exists().where(is_held, is_of_other_machine),
    }
    for what, reservation_id in _found(session, Reservation.id, findings):
        yield Contradiction(what, reservation_id=reservation_id)


def _of_closures(session: Session) -> Iterator[Contradiction]:
    is_held = Occupancy.blocking_id == Blocking.id
    is_of_other_span = or_(Occupancy.occupied_from != Blocking.starts_at, Occupancy.occupied_until != Blocking.ends_at)
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Blocking.machine_id)
    findings: dict[str, ColumnElement[bool]] = {
        "places_missing": and_(Blocking.lifted_at.is_(None), ~exists().where(is_held)),
        "held_after_end": and_(Blocking.lifted_at.is_not(None), exists().where(is_held)),
        "other_span": exists().where(is_held, is_of_other_span),
        "other_machine": exists().where(is_held, is_of_other_machine),
    }
    for what, blocking_id in _found(session, Blocking.id, findings):
        yield Contradiction(what, blocking_id=blocking_id)


def _found(
    session: Session, ids: InstrumentedAttribute[int], findings: dict[str, ColumnElement[bool]]
) -> Iterator[tuple[str, int]]:
    for what, is_broken in findings.items():
        for found_id in session.scalars(select(ids).where(is_broken).order_by(ids).limit(TOLD_MAX)):
            yield what, found_id
