"""Entering imported reservations: all of them or none, in a transaction as short as possible."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking import occupancies, reservation_writer
from booking.kernel.events import Actor
from booking.lifecycle import Step
from booking.reservation_import.validation import ImportedReservation, ImportResult, validate
from booking.reservation_writer import NewReservation


def import_reservations(
    session: Session, imported: Sequence[ImportedReservation], *, by: Actor, now: datetime
) -> list[ImportResult]:
    """Enter the new ones as confirmed reservations; enter nothing when one is refused.

    Another program has confirmed them: notice, horizon and approval are not checked again, and no mail is sent. The
    rules of use (rules.check_imported) and the guard apply to them as to any other. They are entered together and not
    one by one, because every other writer of the ring waits meanwhile.

    Returns what became of each. Raises SlotTaken when somebody who does not take the machine's lock came in between.
    """
    occupancies.lock_machines(session, {each.wish.machine_id for each in imported})
    results = validate(session, imported, now=now)
    if any(result.refusal for result in results):
        return results
    new = [
        NewReservation(
            each.wish,
            each.uid,
            Step.IMPORT,
            result.placement.occupied,
            result.placement.place_ids,
            cancel_until=result.placement.cancel_until,
        )
        for each, result in zip(imported, results, strict=True)
        if result.placement
    ]
    if new:
        reservation_writer.enter(session, new, by=by, now=now)
    return results
