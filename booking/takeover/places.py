"""Who would hold which place when: the schedule with the promises written into it, in memory alone."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from booking.timespan import TimeSpan

Held = tuple[datetime, datetime, int]  # from, until, by which promise (its position)
BY_THE_RING = -1  # what the ring itself holds already


class PlaceBook:
    """The spans that hold each place: disjoint, in order of time."""

    def __init__(self, held: Mapping[int, Iterable[tuple[datetime, datetime]]]) -> None:
        self._held: dict[int, list[Held]] = {
            place_id: sorted((since, until, BY_THE_RING) for since, until in spans) for place_id, spans in held.items()
        }

    def free(self, place_ids: Sequence[int], span: TimeSpan) -> list[int]:
        """Those of the places that nothing holds during the span, in the given order."""
        return [place_id for place_id in place_ids if self._last_before(place_id, span.end, span.start) is None]

    def holders(self, place_ids: Sequence[int], span: TimeSpan) -> tuple[int, ...]:
        """The promises that hold one of the places during the span, each once."""
        found: set[int] = set()
        for place_id in place_ids:
            found.update(
                position
                for since, until, position in self._held.get(place_id, ())
                if since < span.end and span.start < until
            )
        return tuple(sorted(found - {BY_THE_RING}))

    def take(self, place_ids: Iterable[int], span: TimeSpan, position: int) -> None:
        """Write a promise into its places."""
        for place_id in place_ids:
            insort(self._held.setdefault(place_id, []), (span.start, span.end, position))

    def _last_before(self, place_id: int, end: datetime, start: datetime) -> Held | None:
        # The spans of a place are disjoint, so the last one that begins before the end decides (as in the guard).
        spans = self._held.get(place_id, [])
        at = bisect_left(spans, (end,))
        return spans[at - 1] if at and spans[at - 1][1] > start else None
