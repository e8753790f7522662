"""Whether the quotas of members allow what a plan moves, with what the plan moved for the same member before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.quotas import quota_use
from booking.records import price_classes
from booking.reservations.wishes import Wish
from booking.rules.lending_rules import Policy
from booking.rules.quota_rules import Measure, Quota, applying
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan


class QuotaRoom:
    """What the quotas leave. Reads only for moves that count otherwise than what is held."""

    def __init__(self, session: Session, policy: Policy, now: datetime) -> None:
        """policy: of the machine that broke down."""
        self._session, self._before, self._now = session, policy.quotas, now
        self._planned: dict[tuple[int, int, date], int] = defaultdict(int)  # member, quota, first day -> seconds
        self._opened: dict[tuple[int, int], int] = defaultdict(int)  # member, quota -> reservations

    def allows(self, reservation_id: int, wish: Wish, policy: Policy, span: TimeSpan) -> bool:
        """Return whether a reservation may be moved to a machine with this policy for a span."""
        if not policy.quotas or (policy.quotas == self._before and span == wish.span):
            return True
        day = local_day(span.start, policy.quotas[0].zone)
        price_class = price_classes.price_class_on(self._session, wish.member_id, day)
        quotas = applying(policy.quotas, wish.member_id, price_class)
        return all(self._fits(reservation_id, wish, quota, span) for quota in quotas)

    def take(self, wish: Wish, policy: Policy, span: TimeSpan) -> None:
        """Count what is planned for a reservation."""
        for quota, first, seconds in _counted(policy.quotas, span, wish.places):
            self._planned[wish.member_id, quota.id, first] += seconds
        for quota, first, seconds in _counted(self._before, wish.span, wish.places):
            self._planned[wish.member_id, quota.id, first] -= seconds
        for quota in policy.quotas:
            if quota.measure is Measure.OPEN and quota not in self._before:
                self._opened[wish.member_id, quota.id] += 1

    def _fits(self, reservation_id: int, wish: Wish, quota: Quota, span: TimeSpan) -> bool:
        member_id = wish.member_id
        if quota.measure is Measure.OPEN:
            if quota in self._before:
                return True
            found = quota_use.open_count(self._session, member_id, quota, self._now, excluding=reservation_id)
            return found + self._opened[member_id, quota.id] < quota.most
        held = quota.counted(wish.span, wish.places) if quota in self._before else {}
        counted = quota.counted(span, wish.places)
        used = quota_use.used_seconds(self._session, member_id, [quota], span, excluding=reservation_id)
        return all(
            seconds <= held.get(first, 0)
            or used.get((quota.id, first), 0) + self._planned[member_id, quota.id, first] + seconds <= quota.most * 60
            for first, seconds in counted.items()
        )


def _counted(quotas: tuple[Quota, ...], span: TimeSpan, places: int) -> Iterator[tuple[Quota, date, int]]:
    for quota in quotas:
        for first, seconds in quota.counted(span, places).items():
            yield quota, first, seconds
