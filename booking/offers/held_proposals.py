"""Proposals of re-plans that are held: another machine or time, kept free for a reservation of a broken machine.

Each is a hold of kind offer, named in the row of its reservation in booking_replanned; both end together. The caller
has locked the machine that is proposed; `machines_of` and `machines_of_closures` return which.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select
from sqlalchemy.orm import Session

from booking.events.closure_events import ProposalEvent, ProposalMade, ProposalWithdrawn
from booking.events.reservation_events import to_timestamp
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import Blocking, HoldKind, Occupancy, Replanned, ReplanTold, Reservation
from booking.places import held_spans, occupancies
from booking.places.place_assignment import Taking
from booking.records.catalogue import MachineTerms
from booking.records.publish import publish_all
from booking.timespan import TimeSpan

HELD_FOR = timedelta(hours=24)
NEEDS_NONE = "needs_none"  # of a reservation whose proposal was withdrawn, because its time is no longer closed

_replanned, _told = table_of(Replanned), table_of(ReplanTold)
_COLUMNS = (
    _replanned.c.hold_id,
    _replanned.c.reservation_id,
    _replanned.c.blocking_id,
    _replanned.c.to_machine_id,
    _replanned.c.to_starts_at,
    _replanned.c.to_ends_at,
    _replanned.c.lapses_at,
    table_of(Reservation).c.member_id,
)
_PROPOSALS = select(*_COLUMNS).where(table_of(Reservation).c.id == _replanned.c.reservation_id)
Proposal = Row[*tuple[Any, ...]]  # of _COLUMNS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be held. held: the time that its reservation itself occupies of the same machine, else None."""

    terms: MachineTerms
    span: TimeSpan
    places: int
    held: TimeSpan | None = None

    def takings(self, hold_id: int) -> Iterator[Taking]:
        """Yield what a hold takes: all of the time that the reservation does not hold itself."""
        occupied = self.terms.policy.occupied_by(self.span)
        for part in (occupied,) if self.held is None else _without(occupied, self.held):
            yield Taking(hold_id, self.terms.machine_id, self.terms.place_ids, part, self.places)


def lapses_at(span: TimeSpan, starts_at: datetime, now: datetime) -> datetime:
    """Return until when a proposal of a span is held for a reservation: a day, but not into either of them."""
    return min(now + HELD_FOR, span.start, max(starts_at, now))


def hold(session: Session, wanted: Sequence[Wanted], *, now: datetime) -> Sequence[int]:
    """Hold machines and times; return the ids of the holds in the same order. Raises SlotTaken."""
    if not wanted:
        return ()
    hold_ids = occupancies.add_holds(session, HoldKind.OFFER, len(wanted))
    takings = [taking for hold_id, one in zip(hold_ids, wanted, strict=True) for taking in one.takings(hold_id)]
    occupancies.take(session, takings, now=now)
    return hold_ids


def machines_of(session: Session, reservation_ids: Collection[int]) -> Sequence[int]:
    """Return the machines that are held for reservations."""
    return _machines(session, _replanned.c.reservation_id.in_(reservation_ids))


def machines_of_closures(session: Session, closure_ids: Collection[int]) -> Sequence[int]:
    """Return the machines that are held for reservations because of closures."""
    return _machines(session, _replanned.c.blocking_id.in_(closure_ids))


def release(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Proposal]:
    """Release the holds of proposals and forget them; return what they were."""
    wanted = _PROPOSALS.where(_replanned.c.hold_id.is_not(None), *conditions)
    found = session.execute(wanted.order_by(_replanned.c.hold_id)).all()
    by_machine: dict[int, list[int]] = {}
    for one in found:
        by_machine.setdefault(one.to_machine_id, []).append(one.hold_id)
    if found:
        holds = [one.hold_id for one in found]
        session.execute(delete(_replanned).where(_replanned.c.hold_id.in_(holds)))
    for _machine_id, hold_ids in sorted(by_machine.items()):
        occupancies.release(session, *hold_ids)
    return found


def end(
    session: Session, kind: type[ProposalEvent], *conditions: ColumnElement[bool], by: Actor, now: datetime
) -> Sequence[Proposal]:
    """Release proposals and publish how they ended; return what they were."""
    found = release(session, *conditions)
    if found:
        publish_all(session, [kind(**_facts(one)) for one in found], by=by, now=now)
    return found


def publish_made(session: Session, hold_ids: Collection[int], *, by: Actor, now: datetime) -> None:
    """Publish that proposals were made."""
    if hold_ids:
        found = session.execute(_PROPOSALS.where(_replanned.c.hold_id.in_(hold_ids)).order_by(_replanned.c.hold_id))
        made = [ProposalMade(**_facts(one), lapses_at=to_timestamp(one.lapses_at)) for one in found]
        publish_all(session, made, by=by, now=now)


def _facts(one: Proposal) -> dict[str, int]:
    return {
        "machine_id": one.to_machine_id,
        "reservation_id": one.reservation_id,
        "member_id": one.member_id,
        "blocking_id": one.blocking_id,
        "starts_at": to_timestamp(one.to_starts_at),
        "ends_at": to_timestamp(one.to_ends_at),
    }


def of_reservations(reservation_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition of the proposals for some reservations."""
    return _replanned.c.reservation_id.in_(reservation_ids)


def withdraw_overlapping(
    session: Session, machine_id: int, spans: Sequence[TimeSpan], *, by: Actor, now: datetime
) -> None:
    """Withdraw what is held of a locked machine in spans in which it is closed; the next plan looks again."""
    is_hit = held_spans.overlap_any(Occupancy.occupied_from, Occupancy.occupied_until, spans)
    of_hold = select(Occupancy.id).where(Occupancy.hold_id == _replanned.c.hold_id, is_hit)
    overlaps = of_hold.correlate(_replanned).exists()
    end(session, ProposalWithdrawn, _replanned.c.to_machine_id == machine_id, overlaps, by=by, now=now)


def withdraw_needless(session: Session, closures: Sequence[Blocking], *, by: Actor, now: datetime) -> None:
    """Withdraw what is held for reservations whose time changed or lifted closures, which are stored, leave free.

    Their members are among those who hear of the change.
    """
    around = [one.id for one in closures if one.around_reservations]
    if not around:
        return
    reaches = (Reservation.occupied_from < Blocking.ends_at) & (Reservation.occupied_until > Blocking.starts_at)
    closed = select(Blocking.id).join(Reservation, Reservation.id == _replanned.c.reservation_id)
    still = closed.where(Blocking.id == _replanned.c.blocking_id, Blocking.lifted_at.is_(None), reaches)
    of_these = _replanned.c.blocking_id.in_(around)
    found = end(session, ProposalWithdrawn, of_these, ~still.correlate(_replanned).exists(), by=by, now=now)
    for closure_id in sorted({one.blocking_id for one in found}):
        of_closure = [one.reservation_id for one in found if one.blocking_id == closure_id]
        note_told(session, closure_id, of_closure, NEEDS_NONE)


def note_told(session: Session, closure_id: int, reservation_ids: Collection[int], told_as: str) -> None:
    """Note how the members of reservations heard that these stay, in place of what was noted because of a closure."""
    if reservation_ids:
        session.execute(
            delete(_told).where(_told.c.blocking_id == closure_id, _told.c.reservation_id.in_(reservation_ids))
        )
        values = [{"blocking_id": closure_id, "reservation_id": one, "told_as": told_as} for one in reservation_ids]
        session.execute(insert(_told), values)


def _without(span: TimeSpan, other: TimeSpan) -> Iterator[TimeSpan]:
    if not span.overlaps(other):
        yield span
        return
    if span.start < other.start:
        yield TimeSpan(span.start, other.start)
    if other.end < span.end:
        yield TimeSpan(other.end, span.end)


def _machines(session: Session, condition: ColumnElement[bool]) -> Sequence[int]:
    wanted = select(_replanned.c.to_machine_id).where(_replanned.c.hold_id.is_not(None), condition).distinct()
    return session.scalars(wanted).all()
