"""The waiting list of the demo ring: members wait for what others have reserved."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import ANNA, BERND
from booking import queries
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.timespan import TimeSpan
from booking.waiting import entries
from booking.waiting.matching import WaitingWish

ENTRIES_OF_EACH = 2


def enter_waiting(session: Session, base: BaseData, *, now: datetime) -> None:
    """Put Anna and Bernd on the waiting list for times that others have reserved next week."""
    waiting = [base.members[number] for number in (ANNA, BERND)]
    week = TimeSpan(now + timedelta(days=2), now + timedelta(days=16))
    taken = [
        one
        for one in queries.reservations(
            session, since=week.start, until=week.end, statuses=[Status.CONFIRMED], limit=200
        )
        if one.starts_at > week.start and one.member_id not in waiting
    ]
    for member_id in waiting:
        count = 0
        for one in taken:
            if count == ENTRIES_OF_EACH:
                break
            with suppress(DomainError):
                entries.join(
                    session,
                    WaitingWish(member_id, one.machine_id, None, one.span, purpose=one.purpose),
                    by=DEMO,
                    now=now,
                )
                count += 1
