"""Which variants of its tariff a reservation is with. Their names are the tariff's; booking knows no price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from booking.events.reservation_events import ReservationEvent
from booking.kernel.events import Actor
from booking.models import Reservation
from booking.records.publish import publish
from booking.reservations import lifecycle, reservation_writer
from booking.reservations.lifecycle import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantsChanged(ReservationEvent):
    """Other variants of its tariff are chosen (variants: their names, "" for none)."""

    variants: str
    type: ClassVar[str] = "variants_changed"


def change_variants(
    session: Session,
    reservation_id: int,
    names: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Reservation:
    """Set the variants that are chosen with a reservation; its time stays.

    Call inside write_transaction(). Raises ReservationNotFound, StaleRevision, WrongStatus (also once it is over).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.MOVE, now)
    chosen = tuple(dict.fromkeys(names))
    if reservation.choices != chosen:
        reservation.choices = chosen
        reservation_writer.save(session, reservation, now)
        publish(session, VariantsChanged.of(reservation, variants=", ".join(chosen)), by=by, now=now)
    return reservation
