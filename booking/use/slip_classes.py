"""Correcting the price class of slips that exist, after a class was entered for a day that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.events.reservation_events import UsageEvent
from booking.kernel.events import Actor
from booking.models import UsageRecord
from booking.records.price_classes import price_class_on
from booking.records.publish import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipReclassified(UsageEvent):
    """The price class of a slip was corrected, because another class of the member was entered for its day."""

    type: ClassVar[str] = "slip_reclassified"


def correct_slips(session: Session, member_id: int, since: date, *, by: Actor, now: datetime) -> int:
    """Give a member's slips from a day of service on the class of their day; return how many got another one.

    Each is announced, so that it is priced again. Flushes and never commits: call it inside write_transaction().
    """
    statement = (
        select(UsageRecord)
        .where(UsageRecord.member_id == member_id, UsageRecord.service_date >= since)
        .order_by(UsageRecord.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    corrected = 0
    for slip in session.scalars(statement).all():
        price_class = price_class_on(session, member_id, slip.service_date)
        if price_class == slip.price_class:
            continue
        slip.price_class = price_class
        slip.revision += 1
        session.flush()
        publish(session, SlipReclassified.of(slip), by=by, now=now)
        corrected += 1
    return corrected
