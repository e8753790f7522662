"""Undoing the import of reservations: to their members they were never reserved, and their spans are free.

Their rows stay, because calendars that have read them need a cancellation, and the event log names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationNotFound, StillReferred
from booking.events.reservation_events import ReservationImported, ReservationImportUndone
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Reservation
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.quotas import quota_use
from booking.records import deletions
from booking.records.deletions import References
from booking.records.publish import publish_all
from booking.reservation_import.validation import Placement
from booking.reservations import lifecycle, reservation_writer
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.rules.persons import Person


def reservation_references(session: Session, reservation_ids: Sequence[int]) -> dict[int, References]:
    """Return what refers to reservations: id -> counts by table. Those without references are left out."""
    return deletions.references(session, "booking_reservation", reservation_ids)


def undo_import(session: Session, expected: Mapping[int, int], *, by: Actor, now: datetime) -> None:
    """End imported reservations as if they had never been, all or none. Call inside write_transaction().

    expected: reservation -> its revision as the caller read it.
    Raises ReservationNotFound, StaleRevision, WrongStatus, StillReferred.
    """
    found = _locked(session, list(expected))
    for reservation_id, revision in expected.items():
        if reservation_id not in found:
            raise ReservationNotFound(id=reservation_id)
        revisions.require_revision(revision, found[reservation_id].revision)
    if references := reservation_references(session, list(expected)):
        raise StillReferred(references=references)
    quota_use.lock(session, {each.member_id for each in found.values()})
    occupancies.lock_machines(session, {each.machine_id for each in found.values()})
    for reservation in found.values():
        reservation.import_undone_at = now
        reservation_writer.end(session, reservation, Step.UNDO_IMPORT, "", now)
    if found:
        undone = [ReservationImportUndone.of(each) for each in found.values()]
        publish_all(session, undone, by=by, now=now)


def import_again(session: Session, wanted: Mapping[int, tuple[Wish, Placement]], *, by: Actor, now: datetime) -> None:
    """Confirm reservations whose import was undone, because a file has them again; their machines are locked.

    They keep their uid, so that calendars show them again and not twice. Raises SlotTaken.
    """
    found = _locked(session, list(wanted))
    for reservation_id, (wish, placement) in wanted.items():
        reservation = found[reservation_id]
        lifecycle.advance(reservation, Step.IMPORT_AGAIN, now)
        reservation.import_undone_at = None
        second = wish.second or Person()
        reservation.places, reservation.purpose, reservation.choices = wish.places, wish.purpose, wish.choices
        reservation.second_person, reservation.second_user_id = second.name, second.user_id
        reservation.occupied_from, reservation.occupied_until = placement.occupied.start, placement.occupied.end
        reservation.cancel_until, reservation.asked_at = placement.cancel_until, now
        reservation_writer.save(session, reservation, now)
    takings = [
        Taking(reservation_id, wish.machine_id, placement.place_ids, placement.occupied, wish.places)
        for reservation_id, (wish, placement) in wanted.items()
    ]
    occupancies.take(session, takings, now=now)
    publish_all(session, [ReservationImported.of(each) for each in found.values()], by=by, now=now)


def _locked(session: Session, reservation_ids: Sequence[int]) -> dict[int, Reservation]:
    """Read reservations and lock them in the order of their ids."""
    found: dict[int, Reservation] = {}
    for ids in deletions.chunks(reservation_ids):
        rows = select(Reservation).where(Reservation.id.in_(ids)).order_by(Reservation.id)
        for one in session.scalars(rows.with_for_update().execution_options(populate_existing=True)):
            found[one.id] = one
    return found
