"""What a re-plan left for the member to answer: back to the old time, or to the time that was proposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import availability, replan
from booking.closures.breakdown import RULES_OF_ASKING
from booking.errors.schedule_errors import MachineNotFound
from booking.models import Machine, Replanned, ReplanTold, Status
from booking.queries.closures import ClosureView
from booking.queries.outside_rules import reservations_by_id
from booking.queries.reservation_views import ReservationView
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class ReplannedView:
    """Where a reservation could go. is_offer: it was proposed; else it was moved from there, and may go back.

    is_possible: it is free, and the rules allow it. wish: what it would be then. held_until, hold_id: of what was
    proposed and is held, until then.
    """

    is_offer: bool
    machine_name: str
    wish: Wish
    is_possible: bool
    held_until: datetime | None = None
    hold_id: int | None = None

    @property
    def span(self) -> TimeSpan:
        """The time."""
        return self.wish.span


def replanned(session: Session, view: ReservationView, *, now: datetime) -> ReplannedView | None:
    """Return where a reservation could go after a re-plan; None where it is not where that left it."""
    if view.status not in (Status.REQUESTED, Status.CONFIRMED) or view.former is not None:
        return None
    noted = session.get(Replanned, view.id)
    if noted is None:
        return None
    old = noted.from_machine_id, noted.from_starts_at, noted.from_ends_at
    new = noted.to_machine_id, noted.to_starts_at, noted.to_ends_at
    is_offer = noted.kind == "offered"
    left, target = (old, new) if is_offer else (new, old)
    if (view.machine_id, view.starts_at, view.ends_at) != left or target[1] <= now:
        return None
    if replan.is_used_up(noted.kind, view.starts_at, view.ends_at, now):
        return None
    if is_offer and not replan.still_closes(
        session, noted.blocking_id, TimeSpan(view.occupied_from, view.occupied_until)
    ):
        return None  # the machine works again, so nothing need be taken instead
    if noted.lapses_at is not None and noted.lapses_at <= now:
        return None
    asked = view.places, view.purpose, view.may_move_min, None
    wish = Wish(target[0], view.member_id, TimeSpan(*target[1:]), *asked, choices=view.choices)
    name = session.scalar(select(Machine.name).where(Machine.id == wish.machine_id)) or ""
    is_possible = _is_possible(session, view, wish, now, is_held=noted.hold_id is not None)
    return ReplannedView(is_offer, name, wish, is_possible, noted.lapses_at, noted.hold_id)


def free_again(session: Session, closure_id: int, *, now: datetime) -> Iterator[tuple[ReservationView, ReplannedView]]:
    """Yield the reservations that a closure moved and whose old time is free now, in the order of their ids.

    Without those whose members heard of it.
    """
    ids = session.scalars(
        select(Replanned.reservation_id)
        .where(Replanned.blocking_id == closure_id, Replanned.kind == "moved", Replanned.from_starts_at > now)
        .where(Replanned.told_free_at.is_(None))
        .order_by(Replanned.reservation_id)
    ).all()
    for view in reservations_by_id(session, ids):
        found = replanned(session, view, now=now)
        if found is not None and found.is_possible:
            yield view, found


class AfterChange(StrEnum):
    """What the new end of a closure means for a reservation whose member heard of it before.

    TAKES_PLACE: as reserved. AT_RISK: after the repair. CLOSED: in the span of the closure, and nothing is proposed.
    PROPOSED: what was proposed is still held.
    """

    TAKES_PLACE = "takes_place"
    AT_RISK = "at_risk"
    CLOSED = "closed"
    PROPOSED = "proposed"


def after_change(
    session: Session, closure: ClosureView, *, now: datetime
) -> Iterator[tuple[ReservationView, AfterChange]]:
    """Yield the reservations to come whose members heard that they stay, or got a proposal, because of a closure."""
    held = select(Replanned.reservation_id).where(Replanned.blocking_id == closure.id, Replanned.hold_id.is_not(None))
    told = select(ReplanTold.reservation_id).where(ReplanTold.blocking_id == closure.id)
    proposed = set(session.scalars(held))
    for view in reservations_by_id(session, sorted(proposed | set(session.scalars(told)))):
        is_there = view.machine_id == closure.machine_id and view.former is None and view.starts_at > now
        if is_there and view.status in (Status.REQUESTED, Status.CONFIRMED):
            yield view, AfterChange.PROPOSED if view.id in proposed else _after_change(view, closure)


def _after_change(view: ReservationView, closure: ClosureView) -> AfterChange:
    if closure.lifted_at is not None or view.occupied_until <= closure.starts_at:
        return AfterChange.TAKES_PLACE
    return AfterChange.AT_RISK if view.occupied_from >= closure.ends_at else AfterChange.CLOSED


def _is_possible(session: Session, view: ReservationView, wish: Wish, now: datetime, *, is_held: bool = False) -> bool:
    try:
        check = availability.check_wish(session, wish, now=now, excluding=view.id, may_decide=True)
    except MachineNotFound:
        return False  # retired
    broken = [one for one in check.violations if one.rule not in RULES_OF_ASKING]
    return (is_held or check.is_free) and not broken
