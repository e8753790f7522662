"""The waiting list of the demo ring: members wait for what others have reserved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import ANNA, BERND
from booking import queries
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.places import freed_time
from booking.queries import ReservationView
from booking.reservations import reservations
from booking.timespan import TimeSpan
from booking.waiting import entries, offering
from booking.waiting.matching import WaitingWish

ENTRIES_OF_EACH = 2


def enter_waiting(session: Session, base: BaseData, *, now: datetime) -> None:
    """Put Anna and Bernd on the waiting list; one time that is in their way is cancelled, and offered to Anna.

    The offer is made here and not at the commit, so that no mail is sent about it.
    """
    members = [base.members[number] for number in (ANNA, BERND)]
    soon = TimeSpan(now + timedelta(days=2), now + timedelta(days=16))
    taken = [
        one
        for one in queries.reservations(
            session, since=soon.start, until=soon.end, statuses=[Status.CONFIRMED], limit=200
        )
        if one.starts_at > soon.start and one.member_id not in members
    ]
    freed_time.take(session)  # what the season released
    awaited = [one for member_id in members for one in _join(session, member_id, taken, now)]
    if awaited:
        reservations.cancel(session, awaited[0].id, by=DEMO, now=now)
        offering.offer_freed(session)


def _join(
    session: Session, member_id: int, taken: Sequence[ReservationView], now: datetime
) -> Iterator[ReservationView]:
    """Join the waiting list for the first times that the rules allow the member; yield the reservations in the way."""
    count = 0
    for one in taken:
        if count < ENTRIES_OF_EACH:
            with suppress(DomainError):
                wish = WaitingWish(member_id, one.machine_id, None, one.span, purpose=one.purpose)
                entries.join(session, wish, by=DEMO, now=now)
                count += 1
                yield one
