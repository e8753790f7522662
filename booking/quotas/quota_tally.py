"""The quotas of a member over many reservations at once, which count one after the other: of a series, of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.quotas import quota_use
from booking.records import price_classes
from booking.rules.quota_rules import Measure, Quota, applying
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

Amounts = Counter[tuple[int, date | None]]  # seconds by quota and first day; of open reservations, their number by None
Times = Sequence[tuple[TimeSpan, int]]  # of one reservation, with its places


class QuotaTally:
    """What a member would have of each quota, date by date. Reads what is stored once for all dates.

    within: the span from the first date to the last one.
    """

    def __init__(
        self, session: Session, member_id: int, quotas: Collection[Quota], within: TimeSpan, *, asked_at: datetime
    ) -> None:
        self._member_id, self._quotas = member_id, tuple(quotas)
        self._used: Amounts = Counter()
        if self._quotas:
            self._used.update(dict(quota_use.used_seconds(session, member_id, self._quotas, within).items()))
            self._classes = price_classes.price_classes_of(session, member_id)
        for quota in self._quotas:
            if quota.measure is Measure.OPEN:
                self._used[quota.id, None] = quota_use.open_count(session, member_id, quota, asked_at)

    def violations(
        self,
        span: TimeSpan,
        places: int,
        *,
        held: Times | None = None,
        counting: Collection[Quota] | None = None,
    ) -> list[Violation]:
        """Return every quota that a date would pass, as quota_use.check() yields them.

        held: what a date that is changed counted before, which was removed; where it counts no more, nothing is judged.
        counting: the quotas of its machine; None: all.
        """
        own = self._of(span, self._quotas if counting is None else counting)
        return [each for quota in own for each in self._passed(quota, span, places, held)]

    def add(self, span: TimeSpan, places: int, counting: Collection[Quota] | None = None) -> None:
        """Count a date that is going to be reserved. counting: the quotas of its machine; None: all."""
        self.replace(Counter(), self.amounts([(span, places)], counting))

    def replace(self, before: Amounts, after: Amounts) -> None:
        """Count an amount in place of another one."""
        self._used.subtract(before)
        self._used.update(after)

    def amounts(self, times: Times, counting: Collection[Quota] | None = None) -> Amounts:
        """Return what a date counts. counting: the quotas of its machine; None: all."""
        ids = None if counting is None else {one.id for one in counting}
        found: Amounts = Counter()
        for quota in self._quotas:
            if ids is not None and quota.id not in ids:
                continue
            if quota.measure is Measure.OPEN:
                found[quota.id, None] = 1
            for first, seconds in quota.counted_of(times).items():
                found[quota.id, first] = seconds
        return found

    def copy(self) -> QuotaTally:
        """Return another one that counts the same now."""
        other = copy(self)
        other._used = Counter(self._used)
        return other

    def _of(self, span: TimeSpan, counting: Collection[Quota]) -> Collection[Quota]:
        if not counting:
            return ()
        day = local_day(span.start, self._quotas[0].zone)
        held = next(price_class for held_until, price_class in self._classes if day < held_until)
        return applying(counting, self._member_id, held)

    def _passed(self, quota: Quota, span: TimeSpan, places: int, held: Times | None) -> Iterator[Violation]:
        if quota.measure is Measure.OPEN:
            if held is None and (found := self._used[quota.id, None] + 1) > quota.most:
                yield Violation(quota.code, "member", limit=quota.most, actual=found, added=1)
            return
        before = {} if held is None else quota.counted_of(held)
        for first, seconds in quota.counted_of([(span, places)]).items():
            total = self._used[quota.id, first] + seconds
            if total > quota.most * 60 and seconds > before.get(first, 0):
                minutes, period = -(-total // 60), quota.period_from(first)
                added = -(-seconds // 60)
                yield Violation(quota.code, "end", limit=quota.most, actual=minutes, span=period, added=added)
