"""The posting date of an entry: the day of service, or today where its period takes no more entries.

A period without a row is open. Periods are closed in their order, so that the last closed one decides for all before
it. The database refuses what these functions would not return.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from billing.models import AccountingPeriod, Ledger
from booking import queries
from booking.kernel.events import Actor
from booking.times.wall_clock import local_day

OPEN, SOFT_CLOSED, CLOSED = "open", "soft_closed", "closed"


def today_of_ring(session: Session, now: datetime) -> date:
    """Return the day of the ring at an instant."""
    return local_day(now, queries.ring_zone(session))


def posting_date(session: Session, service_day: date, *, by: Actor, now: datetime, not_before: date = date.min) -> date:
    """Return the posting date of what was supplied on a day. The caller has locked the ledger.

    Today where the day is still to come, before the opening of the ledger, in a closed period, or in a soft-closed one
    and no login acts: jobs post nothing there.

    not_before: the posting date of the entry that is reversed. What came late was posted on a later day than that of
    the service; its reversal on the day of service would stand in a period without the entry.
    """
    day = _day_that_takes(session, service_day, by, now)
    return day if day >= not_before else _day_that_takes(session, not_before, by, now)


def _day_that_takes(session: Session, service_day: date, by: Actor, now: datetime) -> date:
    today = today_of_ring(session, now)
    opened_on = session.get_one(Ledger, 1).opened_on
    if service_day >= today or (opened_on is not None and service_day < opened_on):
        return today
    return today if state_of_day(session, service_day) in _shut_for(by) else service_day


def state_of_day(session: Session, day: date) -> str:
    """Return the state of the period of a day: OPEN, SOFT_CLOSED or CLOSED (also of each day before a closed one)."""
    closed = and_(AccountingPeriod.state == CLOSED, AccountingPeriod.last_day >= day)
    soft = and_(
        AccountingPeriod.state == SOFT_CLOSED, AccountingPeriod.first_day <= day, AccountingPeriod.last_day >= day
    )
    states = set(session.scalars(select(AccountingPeriod.state).where(or_(closed, soft)).distinct()))
    return CLOSED if CLOSED in states else SOFT_CLOSED if states else OPEN


def _shut_for(by: Actor) -> tuple[str, ...]:
    return (CLOSED,) if by.user_id is not None else (CLOSED, SOFT_CLOSED)
