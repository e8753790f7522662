"""The rules of the demo ring that came with experience: entered at the end of the season, over what was reserved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import PENZBERG
from booking import quotas
from booking.quota_rules import bits_of
from booking.quotas import QuotaInput

WEEKDAYS = bits_of(range(5))


def enter_rules(session: Session, base: BaseData, *, now: datetime) -> None:
    """Enter quotas of the open workshop: hours in a week, evenings in a month, and open reservations of guests."""
    workshop_id = base.workshops[PENZBERG]
    evenings = QuotaInput(
        measure="prime_time",
        period="month",
        most=16 * 60,
        workshop_id=workshop_id,
        weekdays=WEEKDAYS,
        from_minute=17 * 60,
        until_minute=21 * 60,
    )
    for entered in (
        QuotaInput(measure="time", period="week", most=12 * 60, workshop_id=workshop_id),
        evenings,
        QuotaInput(measure="open", most=2, workshop_id=workshop_id, price_class="guest"),
    ):
        quotas.enter_quota(session, entered, by=DEMO, now=now)
