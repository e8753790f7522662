"""Moving a reservation to another machine; reservations.move calls it with the reservation and both machines locked.

It keeps its id, its uid and its history, so every calendar follows. It is judged as a new wish for the other machine:
what it held there counts for nothing. By a member it stays in the group of its machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import RequestRefused, Violation
from booking.models import Reservation, Status
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records import groups
from booking.records.catalogue import MachineTerms
from booking.records.overruling import OF_RESERVING, Overruling, refuse_unless_overruled
from booking.reservations import former_times, lifecycle, moving, wishes
from booking.reservations.former_times import HeldTime
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish


def violations_of(
    session: Session, reservation: Reservation, wish: Wish, terms: MachineTerms, *, may_decide: bool, now: datetime
) -> list[Violation]:
    """Return every rule that a wish for another machine breaks; may_decide: by who may approve on both machines.

    in_use: it is out. not_in_group (actual: the machine), other_needs_approval, move_waits: by a member only.
    Raises MemberNotFound.
    """
    twins = may_decide or are_twins(session, reservation.machine_id, wish.machine_id)
    broken = list(of_moving(reservation, terms, may_decide=may_decide, are_twins=twins))
    return broken + wishes.violations_of(session, wish, terms.policy, asked_at=now, reservation_id=reservation.id)


def carry_out(
    session: Session,
    reservation: Reservation,
    wish: Wish,
    terms: MachineTerms,
    *,
    may_decide: bool,
    now: datetime,
    overruling: Overruling | None = None,
) -> tuple[str, ...]:
    """Give a reservation the machine of a wish; return the rules that are overruled. Store the reservation afterwards.

    A request stays one, with a new deadline; who may decide settles a move that waits. terms: of the wished machine.
    Raises RequestRefused, SlotTaken, WrongStatus, MemberNotFound.
    """
    broken = violations_of(session, reservation, wish, terms, may_decide=may_decide, now=now)
    overruled = refuse_unless_overruled(RequestRefused, broken, overruling, overrulable=OF_RESERVING)
    waits = former_times.former_time(reservation) is not None
    # First, because reading flushes what was changed, and the database refuses what is half changed.
    occupancies.release(session, reservation.id)
    lifecycle.advance(reservation, Step.RESTORE if waits else Step.MOVE, now)
    _set_instants(reservation, wish, terms, now)
    occupied = terms.policy.occupied_by(wish.span)
    former_times.set_former(reservation, None)
    former_times.set_present(reservation, HeldTime(wish.span, occupied, wish.places))
    reservation.machine_id, reservation.reason, reservation.proposed_at = wish.machine_id, "", None
    taking = Taking(reservation.id, wish.machine_id, terms.place_ids, occupied, wish.places)
    occupancies.take(session, [taking], now=now)
    return overruled


def are_twins(session: Session, machine_id: int, other_id: int) -> bool:
    """Return whether two machines are in one group."""
    group = groups.group_of(session, machine_id)
    return group is not None and group == groups.group_of(session, other_id)


def of_moving(
    reservation: Reservation, terms: MachineTerms, *, may_decide: bool, are_twins: bool
) -> Iterator[Violation]:
    """Yield what forbids to give a reservation another machine, whatever the rules of that machine say."""
    if reservation.status == Status.IN_USE:
        yield Violation("in_use", "machine")
    if may_decide:
        return
    if not are_twins:
        yield Violation("not_in_group", "machine", actual=terms.name)
    if former_times.former_time(reservation) is not None:
        yield Violation("move_waits", "machine")
    elif terms.policy.needs_approval and reservation.status == Status.CONFIRMED:
        yield Violation("other_needs_approval", "machine", actual=terms.name)


def _set_instants(reservation: Reservation, wish: Wish, terms: MachineTerms, now: datetime) -> None:
    """Set when it was asked for and its deadlines, by the rules of the other machine."""
    former = former_times.former_time(reservation)
    since = former.span.start if former else reservation.starts_at
    moving.promise(reservation, wish.span.start, terms.policy, now, since=since)
    reservation.asked_at, reservation.decide_until = now, None
    if reservation.status == Status.REQUESTED:
        reservation.decided_at, reservation.decided_by = None, None
        reservation.decide_until = wishes.decide_until(wish.span, terms.policy, now)
