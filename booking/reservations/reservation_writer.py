"""The one writer of reservations: it enters one or many, and stores the changes of one.

A verb decides, this module writes. The order of its steps is that of docs/locking.md: lock, check, write, publish.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationNotFound
from booking.events import reservation_events
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import HoldKind, Reservation, Status
from booking.places import occupancies, occupancy_rows
from booking.places.place_assignment import Taking
from booking.quotas import quota_use
from booking.quotas.quota_use import CountedReservation
from booking.records import catalogue, schedule_versions
from booking.records.publish import publish_all
from booking.reservations import former_times, lifecycle
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

_INSERT = insert(table_of(Reservation))
_INSERT_ONE, _INSERT_MANY = PreparedStatement(_INSERT), PreparedStatement(_INSERT.inline())
_EVENTS: Mapping[Step, type[reservation_events.ReservationEvent]] = {
    Step.REQUEST: reservation_events.ReservationRequested,
    Step.CONFIRM: reservation_events.ReservationConfirmed,
    Step.IMPORT: reservation_events.ReservationImported,
}


@dataclass(frozen=True, slots=True)
class NewReservation:
    """A reservation to be entered: a wish, and what was decided about it.

    step: REQUEST (with a deadline, decide_until), CONFIRM or IMPORT. place_ids: the places of the machine to choose
    from. series_id: the series that is entered with it. takes_over: the hold whose places it takes over, as they are.
    asked_at: when its time was first asked for, where that was earlier. exchange_id: the exchange that made it.
    """

    wish: Wish
    uid: str
    step: Step
    occupied: TimeSpan
    place_ids: Sequence[int]
    cancel_until: datetime
    decide_until: datetime | None = None
    series_id: int | None = None
    takes_over: int | None = None
    asked_at: datetime | None = None
    exchange_id: int | None = None

    @property
    def event_details(self) -> Mapping[str, Any]:
        """The facts of its event beside those of the reservation."""
        found: dict[str, Any] = {} if self.exchange_id is None else {"exchange_id": self.exchange_id}
        if self.wish.second is not None and self.wish.second.name:
            found["second_person"] = self.wish.second.name
        return {"series_id": self.series_id, **found}


class EnteredReservation(NamedTuple):
    """A reservation as it was just stored, without reading it again."""

    id: int
    uid: str
    status: Status
    machine_id: int
    member_id: int
    starts_at: datetime
    ends_at: datetime
    revision: int = 0


def enter(
    session: Session, new: Iterable[NewReservation], *, by: Actor, now: datetime, are_counted: bool = True
) -> list[EnteredReservation]:
    """Enter one or more reservations with their places and events, in the order of time: all of them or none.

    The caller has locked their machines, before it read what it decided on. are_counted: False where it has read that
    no quota counts for them. Returns them in the order of time. Raises SlotTaken.
    """
    entered, happened = write(session, new, by=by, now=now, are_counted=are_counted)
    publish_all(session, happened, by=by, now=now)
    return entered


def write(
    session: Session, new: Iterable[NewReservation], *, by: Actor, now: datetime, are_counted: bool = True
) -> tuple[list[EnteredReservation], list[reservation_events.ReservationEvent]]:
    """Enter reservations as `enter` does, and return their events too: the caller publishes them beside its own.

    Publishing is the last step of a verb, because it locks the most contended rows.
    """
    in_order = sorted(new, key=_start_and_end)
    hold_ids = occupancies.add_holds(session, HoldKind.RESERVATION, len(in_order))
    numbered = list(zip(hold_ids, in_order, strict=True))
    rows = [_row(hold_id, one, by, now) for hold_id, one in numbered]
    if len(rows) == 1:
        _INSERT_ONE.run(session.connection(), rows[0])
    else:
        _INSERT_MANY.run_many(session.connection(), rows)
    takings = [_taking(hold_id, one) for hold_id, one in numbered if one.takes_over is None]
    occupancies.take(session, takings, now=now)
    for hold_id, one in numbered:
        if one.takes_over is not None:
            occupancy_rows.hand_over(session, one.takes_over, hold_id)

    entered = [_entered(hold_id, one) for hold_id, one in numbered]
    if are_counted:
        quota_use.count(session, [_counted_new(hold_id, one) for hold_id, one in numbered], are_new=True)
    happened = [_EVENTS[one.step].of(each, **one.event_details) for one, each in zip(in_order, entered, strict=True)]
    return entered, happened


def lock(session: Session, reservation_id: int, revision: int | None = None) -> Reservation:
    """Read the reservation that a verb is about to change and lock it, before its machine (docs/locking.md).

    The use of the member's quotas is locked with it. Raises ReservationNotFound, StaleRevision.
    """
    found = revisions.locked(session, Reservation, reservation_id, missing=ReservationNotFound, revision=revision)
    quota_use.lock(session, [found.member_id])
    return found


def lock_many(session: Session, reservation_ids: Collection[int], *, member_ids: Collection[int]) -> list[Reservation]:
    """Lock several reservations in the order of their ids, then the use of the quotas of members; as `lock`.

    Returns them in the order of `reservation_ids`. Raises ReservationNotFound.
    """
    found = {
        one: revisions.locked(session, Reservation, one, missing=ReservationNotFound)
        for one in sorted(set(reservation_ids))
    }
    quota_use.lock(session, member_ids)
    return [found[one] for one in reservation_ids]


def save(session: Session, reservation: Reservation, now: datetime) -> None:
    """Store a change and bump the revision, which the SEQUENCE of calendars and the API's ETag follow.

    What it counts of quotas is stored with it.
    """
    save_all(session, [reservation], now)


def save_all(session: Session, reservations: Sequence[Reservation], now: datetime) -> None:
    """Store the changes of several reservations, as `save`."""
    for reservation in reservations:
        reservation.revision += 1
        reservation.changed_at = now
    session.flush()
    quota_use.count(session, [quota_use.counted_of(reservation) for reservation in reservations])


def bump_revisions(session: Session, reservation_ids: Collection[int], now: datetime) -> None:
    """Bump the revisions of reservations whose calendar entries read differently, such as after another machine name.

    Locked in the order of their ids.
    """
    wanted = select(Reservation).where(Reservation.id.in_(reservation_ids)).order_by(Reservation.id)
    found = session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).all()
    for reservation in found:
        save(session, reservation, now)
    schedule_versions.bump(
        session, member_ids=[one.member_id for one in found], machine_ids=[one.machine_id for one in found]
    )


def end(session: Session, reservation: Reservation, step: Step, reason: str, now: datetime) -> None:
    """End a reservation without use: release its places, drop its deadline and store it. Raises WrongStatus."""
    end_all(session, [reservation], step, reason, now)


def end_all(session: Session, reservations: Sequence[Reservation], step: Step, reason: str, now: datetime) -> None:
    """End several reservations without use, as `end`. Raises WrongStatus."""
    by_machine: dict[int, list[int]] = {}
    for reservation in reservations:
        lifecycle.advance(reservation, step, now)
        reservation.reason, reservation.decide_until = reason, None
        former_times.set_former(reservation, None)
        by_machine.setdefault(reservation.machine_id, []).append(reservation.id)
    for _machine_id, ids in sorted(by_machine.items()):
        occupancies.release(session, *ids)
    save_all(session, reservations, now)


def retake(session: Session, reservation: Reservation, now: datetime) -> None:
    """Take again what is left of the time of a reservation that was released.

    Raises SlotTaken; MachineNotFound where the machine was retired meanwhile.
    """
    occupancies.lock_machines(session, [reservation.machine_id])
    place_ids = catalogue.bookable_machine(session, reservation.machine_id).place_ids
    occupied = TimeSpan(reservation.occupied_from, reservation.occupied_until)
    taking = Taking(reservation.id, reservation.machine_id, place_ids, occupied, reservation.places)
    occupancies.retake(session, taking, now=now)


def _start_and_end(new: NewReservation) -> TimeSpan:
    return new.wish.span


def _row(reservation_id: int, new: NewReservation, by: Actor, now: datetime) -> dict[str, Any]:
    """Return the columns of a new row, for SQLAlchemy Core: the ORM would cost more than the commit."""
    wish = new.wish
    return {
        "id": reservation_id,
        "uid": new.uid,
        "machine_id": wish.machine_id,
        "member_id": wish.member_id,
        "starts_at": wish.span.start,
        "ends_at": wish.span.end,
        "occupied_from": new.occupied.start,
        "occupied_until": new.occupied.end,
        "places": wish.places,
        "purpose": wish.purpose,
        "may_move_min": wish.may_move_min,
        "second_person": wish.second.name if wish.second else "",
        "second_user_id": wish.second.user_id if wish.second else None,
        "choices": wish.choices,
        "status": lifecycle.first_status(new.step).value,
        "created_at": now,
        "asked_at": new.asked_at or now,
        "changed_at": now,
        "created_by": by.user_id,
        "decide_until": new.decide_until,
        "cancel_until": new.cancel_until,
    }


def _counted_new(reservation_id: int, new: NewReservation) -> CountedReservation:
    wish = new.wish
    status = lifecycle.first_status(new.step).value
    return CountedReservation(reservation_id, wish.machine_id, wish.member_id, status, ((wish.span, wish.places),))


def _taking(reservation_id: int, new: NewReservation) -> Taking:
    return Taking(reservation_id, new.wish.machine_id, new.place_ids, new.occupied, new.wish.places)


def _entered(reservation_id: int, new: NewReservation) -> EnteredReservation:
    return EnteredReservation(
        id=reservation_id,
        uid=new.uid,
        status=lifecycle.first_status(new.step),
        machine_id=new.wish.machine_id,
        member_id=new.wish.member_id,
        starts_at=new.wish.span.start,
        ends_at=new.wish.span.end,
    )
