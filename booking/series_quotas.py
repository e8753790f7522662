"""The quotas of a member over the dates of a series, which count one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking import price_classes, quota_use
from booking.errors import Violation
from booking.quota_rules import Measure, Quota, applying
from booking.timespan import TimeSpan
from booking.wall_clock import local_day


class QuotaTally:
    """What a member would have of each quota, date by date. Reads what is stored once for all dates.

    within: the span from the first date to the last one.
    """

    def __init__(
        self, session: Session, member_id: int, quotas: Collection[Quota], within: TimeSpan, *, asked_at: datetime
    ) -> None:
        self._member_id, self._quotas = member_id, tuple(quotas)
        self._used: Counter[tuple[int, date]] = Counter()
        self._open: Counter[int] = Counter()
        if self._quotas:
            self._used.update(quota_use.used_seconds(session, member_id, self._quotas, within))
            self._classes = price_classes.price_classes_of(session, member_id)
        for quota in self._quotas:
            if quota.measure is Measure.OPEN:
                self._open[quota.id] = quota_use.open_count(session, member_id, quota, asked_at)

    def violations(self, span: TimeSpan, places: int) -> list[Violation]:
        """Return every quota that a date would pass, as quota_use.check() yields them."""
        return [each for quota in self._of(span) for each in self._passed(quota, span, places)]

    def add(self, span: TimeSpan, places: int) -> None:
        """Count a date that is going to be reserved."""
        for quota in self._quotas:
            if quota.measure is Measure.OPEN:
                self._open[quota.id] += 1
            for first, seconds in quota.counted_of([(span, places)]).items():
                self._used[quota.id, first] += seconds

    def _of(self, span: TimeSpan) -> Collection[Quota]:
        if not self._quotas:
            return ()
        day = local_day(span.start, self._quotas[0].zone)
        held = next(price_class for held_until, price_class in self._classes if day < held_until)
        return applying(self._quotas, self._member_id, held)

    def _passed(self, quota: Quota, span: TimeSpan, places: int) -> Iterator[Violation]:
        if quota.measure is Measure.OPEN:
            if (found := self._open[quota.id] + 1) > quota.most:
                yield Violation(quota.code, "member", limit=quota.most, actual=found, added=1)
            return
        for first, seconds in quota.counted_of([(span, places)]).items():
            if (total := self._used[quota.id, first] + seconds) > quota.most * 60:
                minutes, period = -(-total // 60), quota.period_from(first)
                added = -(-seconds // 60)
                yield Violation(quota.code, "end", limit=quota.most, actual=minutes, span=period, added=added)
