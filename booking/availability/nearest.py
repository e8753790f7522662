"""The accepted spans nearest to a wished one: those in the waking day first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from booking.availability import daytime, starts
from booking.availability.accepted import SlotQuery
from booking.availability.starts import Interval, floor_timestamp
from booking.timespan import TimeSpan

DAYTIME_WITHIN = 14  # days: a time of the day that lies further off is no better than one of this night


@dataclass(frozen=True, slots=True)
class Nearest:
    """Accepted spans, the nearest first: those of the waking day, and others that overlap none of these."""

    by_day: Collection[TimeSpan]
    others: Collection[TimeSpan]

    def suffice(self, count: int, days: int) -> bool:
        """Return whether there are enough, after so many days around the wish were looked at."""
        found = len(self.by_day) + (len(self.others) if days >= DAYTIME_WITHIN else 0)
        return found >= count


def nearest(query: SlotQuery, intervals: list[Interval], within: Interval, wished: TimeSpan, count: int) -> Nearest:
    """Return up to `count` accepted spans or more around a wished one, without it, out of accepted starts.

    intervals: the starts that would be accepted within an interval.
    """
    start = floor_timestamp(wished.start)
    by_day = set(_around(query, daytime.by_day(query, intervals, within, wished), start, count)) - {wished}
    others = set[TimeSpan]()
    if len(by_day) < count:
        at_any_time = _around(query, intervals, start, count)
        others = {span for span in at_any_time if not any(span.overlaps(one) for one in by_day)} - {wished}
    return Nearest(*(_in_order(spans, wished) for spans in (by_day, others)))


def _in_order(spans: Iterable[TimeSpan], wished: TimeSpan) -> list[TimeSpan]:
    return sorted(spans, key=lambda span: (abs(span.start - wished.start), span.start))


def _around(query: SlotQuery, intervals: list[Interval], wished: int, count: int) -> Iterator[TimeSpan]:
    """Yield the next `count` accepted spans after a wished start (one more, for the wish itself) and before it."""
    policy = query.policy
    since, before = wished, wished - 1
    for _ in range(count + 1):
        later = starts.next_start(intervals, since, policy)
        if later is None:
            break
        span = query.span_from(later)
        since = floor_timestamp(span.end)
        yield span
    for _ in range(count):
        earlier = starts.last_start(intervals, before, policy)
        if earlier is None:
            break
        yield query.span_from(earlier)
        before = earlier - query.minutes * 60
