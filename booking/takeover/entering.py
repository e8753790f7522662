"""Entering promises: all of them or none, in a transaction as short as it can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from booking import changes, holds, occupancies
from booking.announcements import ReservationTakenOver
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import Reservation, Status
from booking.occupancies import Taking
from booking.takeover.judging import Hold, Promise, Verdict, judge

_reservation = table_of(Reservation)
# Told apart by their uids: asked for in the order of the rows, SQLite would be sent them one by one.
_ENTER = insert(_reservation).returning(_reservation.c.uid, _reservation.c.id)


def take_over(session: Session, promises: Sequence[Promise], *, by: Actor, now: datetime) -> list[Verdict]:
    """Enter what is new of the promises as confirmed reservations; nothing at all where one is refused.

    A promise was given by another program: whether it was asked for in time and who approved it is no longer asked,
    and nobody is written to. How the machine is used (rules.check_promise) and the guard bind it like any other.
    They are entered together and not one by one, because every other writer of the ring waits meanwhile.

    Returns what became of each. Raises SlotTaken when something that is not asked for its lock came in between.
    """
    for machine_id in sorted({promise.wish.machine_id for promise in promises}):
        occupancies.lock_machine(session, machine_id)
    verdicts = judge(session, promises, now=now)
    if any(verdict.refusal for verdict in verdicts):
        return verdicts
    new = [(promise, verdict.hold) for promise, verdict in zip(promises, verdicts, strict=True) if verdict.hold]
    if new:
        _enter(session, new, by=by, now=now)
    return verdicts


def _enter(session: Session, new: Sequence[tuple[Promise, Hold]], *, by: Actor, now: datetime) -> None:
    rows = [
        holds.new_row(one.wish, hold.occupied, one.uid, Status.CONFIRMED, decide_until=None, by=by, now=now)
        for one, hold in new
    ]
    ids = {row.uid: row.id for row in session.connection().execute(_ENTER, rows)}
    takings = [Taking(ids[one.uid], one.wish.machine_id, hold.place_ids, hold.occupied) for one, hold in new]
    occupancies.take_all(session, takings)

    wishes = [one.wish for one, _hold in new]
    told = [ReservationTakenOver(*holds.facts_of_new(ids[one.uid], one.wish)) for one, _hold in new]
    events.record_all(session, told, by=by, at=now)
    changes.schedule_changed(
        session, member_ids=[wish.member_id for wish in wishes], machine_ids=[wish.machine_id for wish in wishes]
    )
