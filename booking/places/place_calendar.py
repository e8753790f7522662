"""The spans that hold the places of machines, in memory: which places are free for a span. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from booking.timespan import TimeSpan


class PlaceCalendar:
    """The spans that hold each place: disjoint, in order of time."""

    def __init__(self, held: Mapping[int, Iterable[tuple[datetime, datetime]]]) -> None:
        self._held = {place_id: sorted(spans) for place_id, spans in held.items()}

    def free(self, place_ids: Sequence[int], span: TimeSpan) -> list[int]:
        """Return those of the places that are free during the whole span, in the given order."""
        return [place_id for place_id in place_ids if self._is_free(place_id, span)]

    def take(self, place_ids: Iterable[int], span: TimeSpan) -> None:
        """Hold free places for a span."""
        for place_id in place_ids:
            insort(self._held.setdefault(place_id, []), (span.start, span.end))

    def _is_free(self, place_id: int, span: TimeSpan) -> bool:
        # The spans of a place are disjoint, so the last one that begins before the end decides (as in the guard).
        spans = self._held.get(place_id, ())
        at = bisect_left(spans, (span.end,))
        return not at or spans[at - 1][1] <= span.start
