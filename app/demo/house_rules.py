"""The rules of the demo ring that came with experience: entered at the end of the season, over what was reserved."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.machines import DAY, MACHINES
from app.demo.people import PENZBERG
from app.demo.simulation import at
from booking.errors.schedule_errors import ANY, DomainError
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.rule_changes import rule_changes
from booking.rules.quota_rules import bits_of
from booking.timespan import TimeSpan

WEEKDAYS = bits_of(range(5))
TEDDER = next(one.entry for one in MACHINES if one.entry.slug == "tedder")
HAYMAKER, DAYS_OF_HAY = "M-008", range(24, 40)


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
    _shorten_tedder(session, base, now=now)


def _shorten_tedder(session: Session, base: BaseData, *, now: datetime) -> None:
    """Lend the tedder for a day at most, over a longer reservation that was made before: it lies outside the rule."""
    machine_id = base.machines["tedder"]
    for days in DAYS_OF_HAY:
        start = at(base.today + timedelta(days=days), 6)
        span = TimeSpan(start, start + timedelta(hours=36))
        wish = Wish(machine_id, base.members[HAYMAKER], span, purpose="Heu am ganzen Hang")
        with suppress(DomainError), session.begin_nested():
            reservations.request_reservation(session, wish, by=DEMO, now=now, uid="heu@ringbuch")
            break
    shorter = replace(TEDDER, longest_min=DAY)
    rule_changes.change_machine(session, machine_id, shorter, places=1, by=DEMO, now=now, confirmed=ANY)
