"""Whether a bill looks mistyped, by what such bills usually are: a question to the treasurer, never a rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_high

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import UnusualCost
from billing.models import Cost
from booking.errors.schedule_errors import Violation
from booking.queries import ring_zone
from booking.times.wall_clock import local_day

UNUSUAL_FACTOR = 10  # a comma that slipped by one place
COMPARED_MAX = 12  # the latest bills
DAYS_AHEAD = timedelta(days=366)  # insurance and rent are billed before their year begins


@dataclass(frozen=True, slots=True)
class Bill:
    """What is compared of a bill. cost_id: of a stored one that is corrected, which is not compared with itself."""

    kind: str
    supplier: str
    net_cents: int
    cost_id: int = 0


def usual_cents(session: Session, pool_id: int, bill: Bill) -> int | None:
    """Return what such bills usually are in euro cents, regardless of their sign; None without an earlier one.

    The median of the latest twelve of the same kind and supplier in the pool; where that supplier has none, of the
    kind.
    """
    statement = select(Cost.net_cents).where(Cost.pool_id == pool_id, Cost.kind == bill.kind, Cost.id != bill.cost_id)
    latest = statement.order_by(Cost.service_date.desc(), Cost.id.desc()).limit(COMPARED_MAX)
    amounts = session.scalars(latest.where(Cost.supplier == bill.supplier.strip())).all()
    amounts = amounts or session.scalars(latest).all()
    return median_high(abs(cents) for cents in amounts) if amounts else None


def far_day(session: Session, service_date: date, now: datetime) -> list[Violation]:
    """Return what is unusual about a day of service: it is more than a year ahead."""
    last = local_day(now, ring_zone(session)) + DAYS_AHEAD
    if service_date <= last:
        return []
    return [Violation("service_day_far", "service_date", limit=last, actual=service_date)]


def unusual_amount(session: Session, pool_id: int, bill: Bill) -> list[Violation]:
    """Return what is unusual about an amount: it is ten times the usual one or more."""
    usual = usual_cents(session, pool_id, bill)
    if usual is None or abs(bill.net_cents) < UNUSUAL_FACTOR * usual:
        return []
    return [Violation("unusual_amount", "net_cents", limit=usual, actual=bill.net_cents)]


def require_confirmed(unusual: list[Violation], net_cents: int, confirmed_cents: int | None) -> None:
    """Raise UnusualCost with all that is unusual, unless exactly the amount is confirmed: one answer is for all."""
    if unusual and net_cents != confirmed_cents:
        raise UnusualCost(unusual)
