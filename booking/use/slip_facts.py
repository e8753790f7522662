"""What a usage slip keeps of the day of its use, so that no later change of a record changes the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.charge_units import ChargeUnit
from booking.errors.schedule_errors import MachineNotFound
from booking.models import Machine, Reservation, Ring, UsageRecord, Workshop
from booking.records.price_classes import price_class_on
from booking.times.wall_clock import local_day


def fix_price(session: Session, slip: UsageRecord) -> None:
    """Set the day of service and the price class of that day, by machine, member and start of the slip.

    Raises MachineNotFound, MemberNotFound.
    """
    slip.service_date = service_date_of(session, slip.machine_id, slip.handed_out_at)
    slip.price_class = price_class_on(session, slip.member_id, slip.service_date)


def service_date_of(session: Session, machine_id: int, started_at: datetime) -> date:
    """Return the day on which a use began, by the clock of the workshop. Raises MachineNotFound."""
    zone = session.scalar(
        select(Workshop.timezone).join(Machine, Machine.workshop_id == Workshop.id).where(Machine.id == machine_id)
    )
    if zone is None:
        raise MachineNotFound(id=machine_id)
    return local_day(started_at, ZoneInfo(zone))


def objection_until(session: Session, handed_back_at: datetime) -> datetime:
    """Return until when the member may object to a slip of this hand-back, by the present rule of the ring."""
    days = session.scalar(select(Ring.objection_days).where(Ring.id == 1))
    return handed_back_at + timedelta(days=days or 0)


def booked_amount(reservation: Reservation, unit: ChargeUnit) -> int | None:
    """Return the amount of the reserved span itself; None when only a meter can tell."""
    if not unit.from_clock:
        return None
    seconds = int((reservation.ends_at - reservation.starts_at).total_seconds())
    return seconds * (reservation.places if unit.places_count else 1)
