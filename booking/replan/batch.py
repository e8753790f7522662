"""Moving many reservations at once, and noting what was proposed, in a number of statements that does not grow.

The reservations, their quotas and all machines are locked, and the plan was made after that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from booking.events.reservation_events import ReservationMoved, to_timestamp
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import Blocking, Machine, Replanned, Reservation, Status
from booking.offers import held_proposals
from booking.offers.held_proposals import Wanted
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records import catalogue, schedule_versions
from booking.records.catalogue import MachineTerms
from booking.records.publish import publish_all
from booking.replan.plan import Line, Outcome
from booking.reservations import former_times, late_moves, lifecycle, moving, reservation_writer, wishes
from booking.reservations.former_times import HeldTime
from booking.reservations.lifecycle import Step
from booking.timespan import TimeSpan

_replanned = table_of(Replanned)


def move(
    session: Session,
    closure: Blocking,
    lines: Sequence[Line],
    rows: Mapping[int, Reservation],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Move reservations to the machines and times of a plan. Each is confirmed, or stays a request, and is proposed.

    Raises SlotTaken, WrongStatus: bugs of the plan, because everything is locked.
    """
    if not lines:
        return
    moves = [(rows[line.reservation_id], line.target) for line in lines if line.target is not None]
    machine_ids = {target.machine_id for _row, target in moves}
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(machine_ids))}
    _note_replanned(session, closure, lines, "moved", now)
    late_moves.forget(session, [row.id for row, _target in moves])
    for row, _target in moves:
        row.proposed_at = now
    placed = [(row, target.span, terms[target.machine_id]) for row, target in moves]
    place(session, closure.machine_id, placed, blocking_id=closure.id, by=by, now=now)


def place(
    session: Session,
    machine_id: int,
    moves: Sequence[tuple[Reservation, TimeSpan, MachineTerms]],
    *,
    blocking_id: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Put reservations of one machine at other times or on other machines; what they leave is free. Raises SlotTaken.

    blocking_id: the closure because of which a manager moves them.
    """
    before = {row.id: (row.machine_id, row.starts_at, row.ends_at) for row, _span, _terms in moves}
    occupancies.release(session, *before)
    takings = [_rewrite(row, span, terms, now) for row, span, terms in moves]
    occupancies.take(session, takings, now=now)
    reservation_writer.save_all(session, [row for row, _span, _terms in moves], now)
    happened = [_moved(row, before[row.id], blocking_id) for row, _span, _terms in moves]
    publish_all(session, happened, by=by, now=now)
    if any(terms.machine_id != machine_id for _row, _span, terms in moves):
        schedule_versions.note_moved_away(session, machine_id, now)


def offer(
    session: Session,
    closure: Blocking,
    lines: Sequence[Line],
    rows: Mapping[int, Reservation],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Hold and note what is proposed. From now on cancelling these reservations is not late until they begin.

    Raises SlotTaken, as move().
    """
    _hold(session, closure, [line for line in lines if line.outcome is Outcome.OFFER], rows, by=by, now=now)
    never_late = [rows[line.reservation_id] for line in lines]
    for row in never_late:
        row.cancel_until = max(row.cancel_until, row.starts_at)
    late_moves.forget(session, [row.id for row in never_late])
    reservation_writer.save_all(session, never_late, now)


def note_told(session: Session, closure: Blocking, lines: Sequence[Line]) -> None:
    """Note that the members of these reservations hear that they stay."""
    for outcome in (Outcome.NONE, Outcome.AT_RISK):
        ids = [line.reservation_id for line in lines if line.outcome is outcome]
        held_proposals.note_told(session, closure.id, ids, outcome.value)


def _hold(
    session: Session,
    closure: Blocking,
    lines: Sequence[Line],
    rows: Mapping[int, Reservation],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Hold what is proposed until its members answer."""
    targets = [line.target for line in lines if line.target is not None]
    machine_ids = {target.machine_id for target in targets}
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(machine_ids))}
    _forget(session, lines)  # what they held is free for the new proposals
    wanted = []
    for line, target in zip(lines, targets, strict=True):
        row = rows[line.reservation_id]
        own = TimeSpan(row.occupied_from, row.occupied_until) if target.machine_id == row.machine_id else None
        wanted.append(Wanted(terms[target.machine_id], target.span, row.places, own))
    hold_ids = held_proposals.hold(session, wanted, now=now)
    values = list(_noted(closure, lines, "offered", now))
    for noted, hold_id, one, line in zip(values, hold_ids, wanted, lines, strict=True):
        noted |= {"hold_id": hold_id, "lapses_at": held_proposals.lapses_at(one.span, line.span.start, now)}
    if values:
        session.execute(insert(_replanned), values)
    held_proposals.publish_made(session, hold_ids, by=by, now=now)


def _note_replanned(session: Session, closure: Blocking, lines: Sequence[Line], kind: str, now: datetime) -> None:
    """Replace what was noted for these reservations before."""
    values = list(_noted(closure, lines, kind, now))
    if values:
        _forget(session, lines)
        session.execute(insert(_replanned), values)


def _forget(session: Session, lines: Sequence[Line]) -> None:
    ids = [line.reservation_id for line in lines]
    if ids:
        held_proposals.release(session, held_proposals.of_reservations(ids))
        session.execute(delete(_replanned).where(_replanned.c.reservation_id.in_(ids)))


def _noted(closure: Blocking, lines: Sequence[Line], kind: str, now: datetime) -> Iterator[dict[str, Any]]:
    for line in lines:
        if (target := line.target) is not None:
            yield {
                "reservation_id": line.reservation_id,
                "blocking_id": closure.id,
                "kind": kind,
                "from_machine_id": closure.machine_id,
                "from_starts_at": line.span.start,
                "from_ends_at": line.span.end,
                "to_machine_id": target.machine_id,
                "to_starts_at": target.span.start,
                "to_ends_at": target.span.end,
                "made_at": now,
            }


def _rewrite(row: Reservation, span: TimeSpan, terms: MachineTerms, now: datetime) -> Taking:
    """Give a reservation its new machine and time; return what it takes."""
    since, policy = row.starts_at, terms.policy
    lifecycle.advance(row, Step.MOVE, now)
    occupied = policy.occupied_by(span)
    former_times.set_present(row, HeldTime(span, occupied, row.places))
    moving.promise(row, span.start, policy, now, since=since)
    row.machine_id, row.reason, row.asked_at = terms.machine_id, "", now
    if row.proposed_at is not None:  # the member did not choose it
        row.cancel_until = max(row.cancel_until, span.start)
    row.outside_rules_since = None  # all rules of use are kept
    if row.status == Status.REQUESTED:
        row.decided_at, row.decided_by = None, None
        row.decide_until = wishes.decide_until(span, policy, now)
    return Taking(row.id, terms.machine_id, terms.place_ids, occupied, row.places)


def _moved(row: Reservation, before: tuple[int, datetime, datetime], blocking_id: int | None) -> ReservationMoved:
    machine_id, starts_at, ends_at = before
    return ReservationMoved.of(
        row,
        old_starts_at=to_timestamp(starts_at),
        old_ends_at=to_timestamp(ends_at),
        old_machine_id=machine_id if machine_id != row.machine_id else None,
        needs_decision=row.status == Status.REQUESTED,
        blocking_id=blocking_id,
    )
