"""A breakdown: a machine is closed around its reservations, and what becomes of each of them is decided afterwards.

`blockings.close(around_reservations=True)` closes at once for everybody else. `decide` takes a list of decisions, one
for each reservation in the span of the closure, whether a manager made them or a program proposed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import (
    ClosureNotFound,
    DecisionsRefused,
    DomainError,
    GroupNotFound,
    MachineIsClosed,
    RequestRefused,
    ReservationNotFound,
    WrongStatus,
)
from booking.events import closure_events
from booking.events.closure_events import ProposalWithdrawn
from booking.events.reservation_events import to_timestamp
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import Blocking, Replanned, Reservation
from booking.offers import held_proposals
from booking.places import occupancies
from booking.quotas import quota_use
from booking.records import groups
from booking.records.overruling import Overruling
from booking.records.publish import publish_all
from booking.reservations import former_times, late_moves, reservation_writer, reservations
from booking.timespan import TimeSpan


class Choice(StrEnum):
    """What becomes of a reservation in the span of a closure.

    move: it is confirmed for a proposed time, which the member accepts or declines.
    """

    KEEP = "keep"
    CANCEL = "cancel"
    MOVE = "move"


# Cancelling and moving make room for later moves, so they come first.
_ORDER = (Choice.CANCEL, Choice.MOVE, Choice.KEEP)


RULES_OF_ASKING = ("notice", "horizon")
# Of who was not named, for instance where an offer was accepted automatically, hand-out asks: on each machine.
NOT_JUDGED = (*RULES_OF_ASKING, "second_person_missing")
NO_REASON = "-"  # in the event log, where a closure has none


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. span: the time to which a reservation is moved; machine_id: the machine, where it is another one.

    A move has one of both. revision: of the reservation that the decider saw.
    """

    reservation_id: int
    choice: Choice
    span: TimeSpan | None = None
    revision: int | None = None
    machine_id: int | None = None


@dataclass(slots=True)
class MemberChanges:
    """What was decided for one member, by ids of reservations; moved: with start and end before.

    offered: with the machine, start and end that are proposed. left: nothing was found for it. at_risk: it is after
    the repair. As timestamps, as events store them.
    """

    cancelled: list[int] = field(default_factory=list)
    moved: list[tuple[int, int, int]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    offered: list[tuple[int, int, int, int]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    at_risk: list[int] = field(default_factory=list)

    @property
    def is_told(self) -> bool:
        """Whether the member hears of it; nothing happens to what is kept."""
        return any((self.cancelled, self.moved, self.offered, self.left, self.at_risk))


def decide(session: Session, closure_id: int, decisions: Sequence[Decision], *, by: Actor, now: datetime) -> None:
    """Carry out decisions about reservations in the span of a closure: all of them or none.

    Each member with a cancelled or moved reservation gets one event, ReservationsReplanned, and so one mail. What is
    kept is no longer listed as to be decided. A cancellation is not late, whenever it is made.

    Raises ClosureNotFound, WrongStatus (lifted), DecisionsRefused with the refusal of each decision that failed.
    """
    closure = revisions.locked(session, Blocking, closure_id, missing=ClosureNotFound)
    if closure.lifted_at is not None:
        raise WrongStatus(status="lifted", wanted=["open"])
    lock_all(session, [one.reservation_id for one in decisions])
    others = [one.machine_id for one in decisions if one.machine_id is not None]
    held = held_proposals.machines_of(session, [one.reservation_id for one in decisions])
    occupancies.lock_machines(session, [closure.machine_id, *others, *held])
    changes: dict[int, MemberChanges] = {}
    carry_out_all(session, closure, decisions, changes, by=by, now=now)
    publish_changes(session, closure, changes, by=by, now=now)


def carry_out_all(
    session: Session,
    closure: Blocking,
    decisions: Sequence[Decision],
    changes: dict[int, MemberChanges],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Carry decisions out, with everything locked, and note them for their members. Raises DecisionsRefused."""
    refusals: dict[int, DomainError] = {}
    for decision in sorted(decisions, key=lambda one: _ORDER.index(one.choice)):
        try:
            with session.begin_nested():
                _carry_out(session, closure, decision, changes, by=by, now=now)
        except DomainError as refusal:
            refusals[decision.reservation_id] = refusal
    if refusals:
        raise DecisionsRefused(refusals)


def lock_all(session: Session, reservation_ids: Sequence[int], group_id: int | None = None) -> None:
    """Lock the reservations in the order of their ids, a group, and the quotas of their members.

    Before the first verb locks their machine (docs/locking.md).
    """
    wanted = select(Reservation.member_id).where(Reservation.id.in_(reservation_ids)).order_by(Reservation.id)
    member_ids = session.scalars(wanted.with_for_update()).all()
    if group_id is not None:
        with suppress(GroupNotFound):  # retired meanwhile: its machines are in no group any more
            groups.lock_for_request(session, group_id)
    quota_use.lock(session, member_ids)


def _carry_out(
    session: Session,
    closure: Blocking,
    decision: Decision,
    changes: dict[int, MemberChanges],
    *,
    by: Actor,
    now: datetime,
) -> None:
    reservation = reservation_writer.lock(session, decision.reservation_id, decision.revision)
    if reservation.machine_id != closure.machine_id:
        raise ReservationNotFound(id=decision.reservation_id)
    is_this = held_proposals.of_reservations([reservation.id])
    held_proposals.end(session, ProposalWithdrawn, is_this, by=by, now=now)
    of_member = changes.setdefault(reservation.member_id, MemberChanges())
    if decision.choice is Choice.CANCEL:
        reservations.cancel(session, reservation.id, by=by, now=now, reason=closure.reason, blocking_id=closure.id)
        of_member.cancelled.append(reservation.id)
    elif decision.choice is Choice.MOVE:
        _move(session, closure, reservation, decision, of_member, by=by, now=now)
    else:
        accept(session, [reservation.id], now=now)
        of_member.kept.append(reservation.id)


def _move(
    session: Session,
    closure: Blocking,
    reservation: Reservation,
    decision: Decision,
    of_member: MemberChanges,
    *,
    by: Actor,
    now: datetime,
) -> None:
    assert decision.span is not None or decision.machine_id is not None, "a move needs a span or a machine"
    _refuse_closed(closure, reservation, decision)
    before = to_timestamp(reservation.starts_at), to_timestamp(reservation.ends_at)
    held = (former_times.former_time(reservation) or former_times.present_time(reservation)).span
    move = partial(
        reservations.move,
        session,
        reservation.id,
        decision.span,
        by=by,
        now=now,
        machine_id=decision.machine_id,
        may_decide=True,
        blocking_id=closure.id,
    )
    try:
        move()
    except RequestRefused as refusal:
        # The member did not choose the time, so it need not be asked for in time: that is overruled, with the reason
        # of the closure.
        if any(broken.rule not in NOT_JUDGED for broken in refusal.violations):
            raise
        move(overruling=Overruling(closure.reason or NO_REASON))
    # The member did not choose the time, so the member is asked, and cancelling it is never late.
    reservation.proposed_at = now
    reservation.cancel_until = max(reservation.cancel_until, reservation.starts_at)
    late_moves.forget(session, [reservation.id])
    of_member.moved.append((reservation.id, *before))
    _note_moved(session, closure, reservation, held, now)


def _refuse_closed(closure: Blocking, reservation: Reservation, decision: Decision) -> None:
    """Refuse a move to the machine and time that are closed. Raises MachineIsClosed."""
    span = decision.span or TimeSpan(reservation.starts_at, reservation.ends_at)
    is_elsewhere = decision.machine_id not in (None, closure.machine_id)
    if not is_elsewhere and span.overlaps(TimeSpan(closure.starts_at, closure.ends_at)):
        raise MachineIsClosed(machine_id=closure.machine_id)


def _note_moved(session: Session, closure: Blocking, reservation: Reservation, held: TimeSpan, now: datetime) -> None:
    """Note what a reservation held, so that its member may go back to it. What was noted before is replaced."""
    table, present = table_of(Replanned), TimeSpan(reservation.starts_at, reservation.ends_at)
    session.execute(delete(table).where(table.c.reservation_id == reservation.id))
    if (closure.machine_id, held) == (reservation.machine_id, present):
        return
    values = {
        "reservation_id": reservation.id,
        "blocking_id": closure.id,
        "kind": "moved",
        "from_machine_id": closure.machine_id,
        "from_starts_at": held.start,
        "from_ends_at": held.end,
        "to_machine_id": reservation.machine_id,
        "to_starts_at": present.start,
        "to_ends_at": present.end,
        "made_at": now,
    }
    session.execute(insert(table), values)


def accept(session: Session, reservation_ids: Sequence[int], *, now: datetime) -> None:
    """Note that a manager accepts reservations as they are, although a closure or the rules speak against them."""
    table = table_of(Reservation)
    session.execute(update(table).where(table.c.id.in_(reservation_ids)).values(accepted_at=now))


def publish_changes(
    session: Session, closure: Blocking, changes: Mapping[int, MemberChanges], *, by: Actor, now: datetime
) -> None:
    """Publish one event for each member who is to hear of what was decided."""
    replanned = [
        closure_events.ReservationsReplanned(
            blocking_id=closure.id,
            machine_id=closure.machine_id,
            member_id=member_id,
            cancelled=tuple(of_member.cancelled),
            moved=tuple(of_member.moved),
            kept=tuple(of_member.kept),
            offered=tuple(of_member.offered),
            left=tuple(of_member.left),
            at_risk=tuple(of_member.at_risk),
        )
        for member_id, of_member in sorted(changes.items())
        if of_member.is_told
    ]
    if replanned:
        publish_all(session, replanned, by=by, now=now)
