"""How many places of a machine are held at every instant. Its places are equal, so counting decides what fits. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Shortage:
    """The first part of a span in which fewer places are free than are needed. places_free: the fewest in it.

    Below zero when more places are held than there are to be.
    """

    span: TimeSpan
    places_free: int


class PlaceCount:
    """How many of a machine's places are held, as a step function of time."""

    def __init__(self, places: int, held: Iterable[tuple[datetime, datetime]] = ()) -> None:
        self._places = places
        changes: Counter[datetime] = Counter()
        for since, until in held:
            changes[since] += 1
            changes[until] -= 1
        # From each edge until the next one as many places are held as stands beside it; before the first one none.
        self._edges = sorted(changes)
        self._held = list(accumulate(changes[at] for at in self._edges))

    def add(self, span: TimeSpan, places: int) -> None:
        """Count places as held during a span."""
        first, last = self._edge_at(span.start), self._edge_at(span.end)
        for at in range(first, last):
            self._held[at] += places

    def least_free(self, span: TimeSpan) -> int:
        """Return how many places are free at every instant of a span; below zero when more are held than there are."""
        return self._places - max(held for _since, _until, held in self._parts(span))

    def first_shortage(self, span: TimeSpan, needed: int) -> Shortage | None:
        """Return the first part of a span in which fewer than the needed places are free; None without one."""
        short: Shortage | None = None
        for since, until, held in self._parts(span):
            free = self._places - held
            if free < needed:
                start, fewest = (short.span.start, min(free, short.places_free)) if short else (since, free)
                short = Shortage(TimeSpan(start, until), fewest)
            elif short:
                break
        return short

    def _edge_at(self, instant: datetime) -> int:
        at = bisect_left(self._edges, instant)
        if at == len(self._edges) or self._edges[at] != instant:
            self._edges.insert(at, instant)
            self._held.insert(at, self._held[at - 1] if at else 0)
        return at

    def _parts(self, span: TimeSpan) -> Iterator[tuple[datetime, datetime, int]]:
        """Yield the parts of a span (from, until) in which the number of held places is the same."""
        at, since = bisect_right(self._edges, span.start), span.start
        while since < span.end:
            until = min(self._edges[at], span.end) if at < len(self._edges) else span.end
            yield since, until, self._held[at - 1] if at else 0
            at, since = at + 1, until
