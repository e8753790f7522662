"""The spans that hold the places of machines, in memory: which places are free, who holds the others. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from booking.timespan import TimeSpan

Held = tuple[datetime, datetime, int]  # from, until, by whom
STORED = -1  # held by what the database holds already


class PlaceCalendar:
    """The spans that hold each place: disjoint, in order of time."""

    def __init__(self, held: Mapping[int, Iterable[tuple[datetime, datetime]]]) -> None:
        self._held: dict[int, list[Held]] = {
            place_id: sorted((since, until, STORED) for since, until in spans) for place_id, spans in held.items()
        }

    def free(self, place_ids: Sequence[int], span: TimeSpan) -> list[int]:
        """Return those of the places that are free during the span, in the given order."""
        return [place_id for place_id in place_ids if self._last_before(place_id, span.end, span.start) is None]

    def holders(self, place_ids: Sequence[int], span: TimeSpan) -> tuple[int, ...]:
        """Return who took one of the places for a part of the span, each once; what was stored is left out."""
        found: set[int] = set()
        for place_id in place_ids:
            found.update(
                holder
                for since, until, holder in self._held.get(place_id, ())
                if since < span.end and span.start < until
            )
        return tuple(sorted(found - {STORED}))

    def take(self, place_ids: Iterable[int], span: TimeSpan, holder: int) -> None:
        """Hold free places for a span."""
        for place_id in place_ids:
            insort(self._held.setdefault(place_id, []), (span.start, span.end, holder))

    def _last_before(self, place_id: int, end: datetime, start: datetime) -> Held | None:
        # The spans of a place are disjoint, so the last one that begins before the end decides (as in the guard).
        spans = self._held.get(place_id, [])
        at = bisect_left(spans, (end,))
        return spans[at - 1] if at and spans[at - 1][1] > start else None
