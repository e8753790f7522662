"""What becomes of a reservation that is given another span or number of places: its status, deadlines and places.

Call apply() with the reservation and its machine locked, after the rules (move_rules.py) allowed the change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.models import Reservation, Status
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.reservations import former_times, lifecycle, wishes
from booking.reservations.former_times import HeldTime
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.rules import move_rules
from booking.rules.lending_rules import Policy
from booking.rules.move_rules import Held
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Change:
    """How a wish relates to what is held. returns: to the former time, which is confirmed; so will be the wish."""

    held: Held
    keeps_less: bool
    returns: bool = False


def change_of(reservation: Reservation, wish: Wish, *, may_decide: bool) -> Change:
    """Return how a wish relates to what a reservation holds.

    While a move waits, it holds the former and the wished time: within either of them, a wish keeps less. Who may
    decide (may_decide) moves what is confirmed: the wish that waited is settled by that.
    """
    former = former_times.former_time(reservation)
    if former is not None:
        held = Held(former.span, former.places)
        keeps_less = held.keeps_less(wish.span, wish.places)
        if keeps_less or may_decide:
            return Change(held, keeps_less, returns=True)
    span = TimeSpan(reservation.starts_at, reservation.ends_at)
    held = Held(span, reservation.places, is_out=reservation.status == Status.IN_USE)
    return Change(held, held.keeps_less(wish.span, wish.places))


def wished_time(reservation: Reservation, wish: Wish, change: Change, policy: Policy) -> HeldTime:
    """Return a wish with set-up and cleaning: by the rule of now, as far as it was not promised with others.

    Keeping less must not need more time, also where the rule has changed.
    """
    former = former_times.former_time(reservation) if change.returns else None
    promised, occupied = former or former_times.present_time(reservation), policy.occupied_by(wish.span)
    set_up, cleaning = promised.span.start - promised.occupied.start, promised.occupied.end - promised.span.end
    keeps_start = change.keeps_less or wish.span.start == promised.span.start
    keeps_end = change.keeps_less or wish.span.end == promised.span.end
    since = wish.span.start - set_up if keeps_start else occupied.start
    until = wish.span.end + cleaning if keeps_end else occupied.end
    return HeldTime(wish.span, TimeSpan(since, until), wish.places)


def decide_until(reservation: Reservation, wish: Wish, policy: Policy, now: datetime) -> datetime:
    """Return until when a move that needs approval would have to be decided."""
    former = former_times.former_time(reservation)
    if former is None and reservation.status == Status.CONFIRMED:
        former = former_times.present_time(reservation)
    return _deadline(wish.span, former, policy, now)


def apply(
    session: Session,
    reservation: Reservation,
    wish: Wish,
    change: Change,
    terms: MachineTerms,
    *,
    may_decide: bool,
    now: datetime,
) -> None:
    """Carry a change out; store the reservation afterwards. Raises WrongStatus, SlotTaken."""
    present, was_confirmed = former_times.present_time(reservation), reservation.status == Status.CONFIRMED
    wished = wished_time(reservation, wish, change, terms.policy)
    lifecycle.advance(reservation, _step(reservation, change, terms.policy, may_decide), now)
    if was_confirmed and reservation.status == Status.REQUESTED:
        former_times.set_former(reservation, present)
    elif change.returns:
        former_times.set_former(reservation, None)
    _set_instants(reservation, wish, change, terms.policy, now)
    reservation.reason = ""
    if former_times.former_time(reservation) is None:
        reservation.proposed_at = None  # answered by another time; while that waits, the proposed one stays confirmed
    _take_places(session, reservation, wished, change, terms, now)
    former_times.set_present(reservation, wished)


def approve(
    session: Session, reservation: Reservation, former: HeldTime | None, terms: MachineTerms, now: datetime
) -> None:
    """Set the deadline of cancelling of what was approved, drop its former time, and judge it by new rules."""
    since = former.span.start if former else reservation.starts_at
    promise(reservation, reservation.starts_at, terms.policy, now, since=since)
    if former is not None:
        reservation.proposed_at = None  # the member chose this time
        former_times.set_former(reservation, None)
        former_times.take_present(session, reservation, terms.place_ids, now)
    judge_again(session, reservation, terms.policy)


def restore(session: Session, reservation: Reservation, now: datetime) -> None:
    """Give a reservation its former time back, as former_times.restore(); it may be within new rules again."""
    former_times.restore(session, reservation, now)
    if reservation.outside_rules_since is not None:
        policy = catalogue.lending_terms(session, reservation.machine_id).policy
        judge_again(session, reservation, policy)


def judge_again(session: Session, reservation: Reservation, policy: Policy) -> None:
    """Take a reservation off the list of those outside new rules where all that it holds keeps them now."""
    if reservation.outside_rules_since is None:
        return
    held = [Wish.of(reservation)]
    if former := former_times.former_time(reservation):
        held.append(replace(held[0], span=former.span, places=former.places))
    if all(wishes.keeps_rules_of_use(session, wish, policy) for wish in held):
        reservation.outside_rules_since = None


def promise(reservation: Reservation, starts_at: datetime, policy: Policy, now: datetime, *, since: datetime) -> None:
    """Set the deadline of cancelling for a start that is confirmed or asked for now, by the rule of now.

    since: the start that it was set for before. A start that is no earlier never brings the deadline forward, whatever
    the rule has become.
    """
    deadline = wishes.cancel_until(starts_at, policy, now)
    reservation.cancel_until = deadline if starts_at < since else max(deadline, reservation.cancel_until)


def _step(reservation: Reservation, change: Change, policy: Policy, may_decide: bool) -> Step:
    if change.returns:
        return Step.RESTORE
    needs_no_approval = change.keeps_less or may_decide or not policy.needs_approval
    return Step.MOVE if needs_no_approval or reservation.status == Status.IN_USE else Step.MOVE_FOR_APPROVAL


def _set_instants(reservation: Reservation, wish: Wish, change: Change, policy: Policy, now: datetime) -> None:
    """Set when it was asked for and its deadlines; keeping less changes none of them."""
    if reservation.status != Status.REQUESTED:
        reservation.decide_until = None
    if change.keeps_less:
        return
    former = former_times.former_time(reservation)
    if former is None:
        promise(reservation, wish.span.start, policy, now, since=change.held.span.start)
    _set_asked_at(reservation, wish, former, policy, now)
    if reservation.status == Status.REQUESTED:
        reservation.decided_at, reservation.decided_by = None, None
        reservation.decide_until = _deadline(wish.span, former, policy, now)


def _set_asked_at(reservation: Reservation, wish: Wish, former: HeldTime | None, policy: Policy, now: datetime) -> None:
    """Set the instant as of which the approval checks notice and horizon.

    That of a request stays where all of it could not be asked for now: what was asked for before was in time then.
    """
    held = None if former is None else Held(former.span, former.places)
    is_in_time = not any(move_rules.check_asking(wish.span, wish.places, held, policy, now))
    if is_in_time or reservation.status != Status.REQUESTED:
        reservation.asked_at = now


def _deadline(span: TimeSpan, former: HeldTime | None, policy: Policy, now: datetime) -> datetime:
    """Return the deadline of a request. It is decided before the former time begins, so that that can still be used.

    A former time that has begun is decided before it ends.
    """
    deadline = wishes.decide_until(span, policy, now)
    return deadline if former is None else min(deadline, wishes.decide_until(former.span, policy, now))


def _take_places(
    session: Session, reservation: Reservation, wished: HeldTime, change: Change, terms: MachineTerms, now: datetime
) -> None:
    """Let the hold take what it needs from now on. What has begun keeps its places. Raises SlotTaken."""
    former = former_times.former_time(reservation)
    taking = Taking(reservation.id, terms.machine_id, terms.place_ids, wished.occupied, wished.places)
    if former is not None:
        former_times.take_both(session, reservation, former, wished, terms.place_ids, now)
    elif change.keeps_less and not change.returns:
        occupancies.give_back(session, reservation.id, wished.occupied, wished.places)
    else:
        occupancies.retake(session, taking, now=now)
