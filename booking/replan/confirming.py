"""Carrying out a plan that a manager was shown: all of it or nothing, in one transaction, with one mail per member."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.closures import breakdown
from booking.closures.breakdown import Decision, MemberChanges
from booking.errors.schedule_errors import (
    ClosureNotFound,
    DecisionsRefused,
    ReservationNotFound,
)
from booking.events.reservation_events import to_timestamp
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Blocking, Reservation
from booking.offers import held_proposals
from booking.places import occupancies
from booking.records import groups
from booking.replan import affected, batch
from booking.replan.errors import PlanChanged
from booking.replan.plan import DECIDABLE, MOVED, Line, Outcome, Plan
from booking.replan.planning import IsDearer, make_plan, never_dearer, require_open
from booking.rules.lacking_variants import Lacking, none_lacking


def confirm(
    session: Session,
    closure_id: int,
    digest: str,
    decisions: Sequence[Decision] = (),
    *,
    by: Actor,
    now: datetime,
    is_dearer: IsDearer = never_dearer,
    lacking: Lacking = none_lacking,
) -> Plan:
    """Carry out the plan with this digest and return it.

    decisions: of the manager, in place of what is planned for these reservations. A reservation that is moved is
    confirmed for its new time, which its member may decline; one that gets a proposal, or for which nothing was found,
    stays, and its member may cancel it without being late.

    Locked in this order: the closure, the reservations by id, the group, the quotas, the machines by id. Then it is
    planned again: another plan than the one that was shown is refused.

    Raises ClosureNotFound, WrongStatus (lifted, over), PlanChanged, DecisionsRefused.
    """
    closure = revisions.locked(session, Blocking, closure_id, missing=ClosureNotFound)
    require_open(closure, now)
    ids = [one.id for one in affected.in_span(session, closure, now)]
    locked = {*ids, *(one.id for one in affected.at_risk(session, closure, ids))}
    _lock(session, closure, sorted(locked), decisions)
    plan = make_plan(session, closure_id, now=now, is_dearer=is_dearer, lacking=lacking)
    if plan.digest != digest:
        raise PlanChanged(digest=plan.digest, changed=plan.changed_since(digest))
    _refuse_unplanned(plan, decisions)
    overruled = {one.reservation_id for one in decisions}
    changes: dict[int, MemberChanges] = {}
    _carry_out(session, closure, _of_locked(plan, locked), overruled, changes, by=by, now=now)
    breakdown.carry_out_all(session, closure, decisions, changes, by=by, now=now)
    breakdown.publish_changes(session, closure, changes, by=by, now=now)
    return plan


def _lock(session: Session, closure: Blocking, reservation_ids: Sequence[int], decisions: Sequence[Decision]) -> None:
    group_id = groups.group_of(session, closure.machine_id)
    breakdown.lock_all(session, [*reservation_ids, *(one.reservation_id for one in decisions)], group_id)
    chosen = [one.machine_id for one in decisions if one.machine_id is not None]
    others = () if group_id is None else groups.ranks_of(session, group_id)
    held = held_proposals.machines_of(session, reservation_ids)  # also of machines that left the group
    occupancies.lock_machines(session, [closure.machine_id, *others, *chosen, *held])


def _of_locked(plan: Plan, locked: Collection[int]) -> Plan:
    """Return a plan without what is at risk since a moment ago: its member is told by the next one.

    To note that would wait for its row, and who has locked that waits for the machine.
    """
    lines = [line for line in plan.lines if line.outcome is not Outcome.AT_RISK or line.reservation_id in locked]
    return replace(plan, lines=tuple(lines))


def _refuse_unplanned(plan: Plan, decisions: Sequence[Decision]) -> None:
    """Refuse decisions about what is not in the plan, or has begun. Raises DecisionsRefused."""
    known = {line.reservation_id for line in plan.of(*DECIDABLE)}
    unknown = [one.reservation_id for one in decisions if one.reservation_id not in known]
    if unknown:
        raise DecisionsRefused({one: ReservationNotFound(id=one) for one in unknown})


def _carry_out(
    session: Session,
    closure: Blocking,
    plan: Plan,
    overruled: Collection[int],
    changes: dict[int, MemberChanges],
    *,
    by: Actor,
    now: datetime,
) -> None:
    lines = [line for line in plan.lines if line.reservation_id not in overruled]
    moved = [line for line in lines if line.outcome in MOVED]
    waiting = [
        line for line in lines if line.outcome is Outcome.OFFER or (line.outcome is Outcome.NONE and not line.is_told)
    ]
    rows = _rows(session, [line.reservation_id for line in (*moved, *waiting)])
    batch.move(session, closure, moved, rows, by=by, now=now)
    batch.offer(session, closure, waiting, rows, by=by, now=now)
    batch.note_told(session, closure, [line for line in lines if _is_news(line)])
    for line in lines:
        _note(changes.setdefault(line.member_id, MemberChanges()), line)


def _rows(session: Session, reservation_ids: Collection[int]) -> Mapping[int, Reservation]:
    found = select(Reservation).where(Reservation.id.in_(reservation_ids)).order_by(Reservation.id)
    return {one.id: one for one in session.scalars(found.execution_options(populate_existing=True))}


def _note(of_member: MemberChanges, line: Line) -> None:
    """Note a line for the mail to its member."""
    before = to_timestamp(line.span.start), to_timestamp(line.span.end)
    if line.outcome in MOVED:
        of_member.moved.append((line.reservation_id, *before))
    elif line.outcome is Outcome.OFFER and line.target is not None:
        to = to_timestamp(line.target.span.start), to_timestamp(line.target.span.end)
        of_member.offered.append((line.reservation_id, line.target.machine_id, *to))
    elif not _is_news(line):
        return
    elif line.outcome is Outcome.NONE:
        of_member.left.append(line.reservation_id)
    else:
        of_member.at_risk.append(line.reservation_id)


def _is_news(line: Line) -> bool:
    """Return whether the member hears that a reservation stays; once is enough, however often a plan is confirmed."""
    return line.outcome in (Outcome.NONE, Outcome.AT_RISK) and not line.is_told
