"""Entering imported reservations: all of them or none, in a transaction as short as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.kernel.events import Actor
from booking.places import occupancies
from booking.quotas import quota_use
from booking.reservation_import.context import undone_imports
from booking.reservation_import.undoing import import_again
from booking.reservation_import.validation import ImportedReservation, ImportResult, Placement, validate
from booking.reservations import reservation_writer
from booking.reservations.lifecycle import Step
from booking.reservations.reservation_writer import NewReservation
from booking.reservations.wishes import Wish


def import_reservations(
    session: Session, imported: Sequence[ImportedReservation], *, by: Actor, now: datetime
) -> list[ImportResult]:
    """Enter the new ones as confirmed reservations; enter nothing when one is refused.

    Another program has confirmed them: notice, horizon and approval are not checked again, and no mail is sent. The
    rules of use (rules.check_imported) and the guard apply to them as to any other. They are entered together and not
    one by one, because every other writer of the ring waits meanwhile.

    Returns what became of each. Raises SlotTaken when somebody who does not take the machine's lock came in between.
    """
    quota_use.lock(session, {each.wish.member_id for each in imported})
    occupancies.lock_machines(session, {each.wish.machine_id for each in imported})
    results = validate(session, imported, now=now)
    if any(result.refusal for result in results):
        return results
    ids = _enter(session, imported, results, by=by, now=now)
    return [
        replace(result, entered_id=ids[each.uid]) if result.placement else result
        for each, result in zip(imported, results, strict=True)
    ]


def _enter(
    session: Session,
    imported: Sequence[ImportedReservation],
    results: Sequence[ImportResult],
    *,
    by: Actor,
    now: datetime,
) -> dict[str, int]:
    """Enter what has a placement, or confirm it again where its import was undone; return the ids by uid."""
    undone = undone_imports(session, [each.uid for each in imported])
    again: dict[int, tuple[Wish, Placement]] = {}
    new: list[NewReservation] = []
    for each, result in zip(imported, results, strict=True):
        if result.placement and each.uid in undone:
            again[undone[each.uid]] = (each.wish, result.placement)
        elif result.placement:
            new.append(_new(each, result.placement))
    if again:
        import_again(session, again, by=by, now=now)
    entered = reservation_writer.enter(session, new, by=by, now=now) if new else []
    return {**undone, **{one.uid: one.id for one in entered}}


def _new(imported: ImportedReservation, placement: Placement) -> NewReservation:
    return NewReservation(
        imported.wish,
        imported.uid,
        Step.IMPORT,
        placement.occupied,
        placement.place_ids,
        cancel_until=placement.cancel_until,
    )
