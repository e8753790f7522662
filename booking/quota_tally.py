"""The quotas of a member over many reservations at once, which count one after the other: of a series, of an import."""

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

    def violations(
        self,
        span: TimeSpan,
        places: int,
        *,
        held: tuple[TimeSpan, int] | None = None,
        counting: Collection[Quota] | None = None,
    ) -> list[Violation]:
        """Return every quota that a date would pass, as quota_use.check() yields them.

        held: what a date that is changed counted before, which was removed; where it counts no more, nothing is judged.
        counting: the quotas of its machine; None: all.
        """
        own = self._of(span, self._quotas if counting is None else counting)
        return [each for quota in own for each in self._passed(quota, span, places, held)]

    def remove(self, span: TimeSpan, places: int, counting: Collection[Quota]) -> None:
        """Count a date no longer that is going to leave its time. counting: the quotas of the machine that it had."""
        self._count(span, places, -1, counting)

    def add(self, span: TimeSpan, places: int, counting: Collection[Quota] | None = None) -> None:
        """Count a date that is going to be reserved. counting: the quotas of its machine; None: all."""
        self._count(span, places, 1, counting)

    def _count(self, span: TimeSpan, places: int, sign: int, counting: Collection[Quota] | None) -> None:
        ids = None if counting is None else {one.id for one in counting}
        for quota in self._quotas:
            if ids is not None and quota.id not in ids:
                continue
            if quota.measure is Measure.OPEN:
                self._open[quota.id] += sign
            for first, seconds in quota.counted_of([(span, places)]).items():
                self._used[quota.id, first] += sign * seconds

    def _of(self, span: TimeSpan, counting: Collection[Quota]) -> Collection[Quota]:
        if not counting:
            return ()
        day = local_day(span.start, self._quotas[0].zone)
        held = next(price_class for held_until, price_class in self._classes if day < held_until)
        return applying(counting, self._member_id, held)

    def _passed(
        self, quota: Quota, span: TimeSpan, places: int, held: tuple[TimeSpan, int] | None
    ) -> Iterator[Violation]:
        if quota.measure is Measure.OPEN:
            if held is None and (found := self._open[quota.id] + 1) > quota.most:
                yield Violation(quota.code, "member", limit=quota.most, actual=found, added=1)
            return
        before = {} if held is None else quota.counted_of([held])
        for first, seconds in quota.counted_of([(span, places)]).items():
            total = self._used[quota.id, first] + seconds
            if total > quota.most * 60 and seconds > before.get(first, 0):
                minutes, period = -(-total // 60), quota.period_from(first)
                added = -(-seconds // 60)
                yield Violation(quota.code, "end", limit=quota.most, actual=minutes, span=period, added=added)
