"""Putting holds on the places of one machine so that everything fits that fits by counting. Pure.

The places of a machine are equal, so a schedule is a set of intervals, and first-fit by start is optimal for them: when
holds are placed in the order of their starts, those already placed that overlap the next one are those that hold a
place at its start. If counting allows it there, enough other places are free, and they are free until its end. What
begins before the first new hold keeps its places, and so does everything that finds its own places free; so only
holds are moved that overlap a new hold, or one that had to move for it.

What may not be moved is fixed (see place_choice.py). The argument holds for fixed holds that have begun, because they
come first, and for closures of all places, because nothing overlaps them. A closure around reservations gives way: it
holds what is left, whichever places those are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from operator import itemgetter
from typing import NamedTuple

from booking.places.place_calendar import PlaceCalendar
from booking.timespan import TimeSpan

NEVER = datetime.max.replace(tzinfo=UTC)

TakingKey = tuple[int, datetime]  # a hold may have several parts, one after the other: its id, and the start of a part


@dataclass(frozen=True, slots=True)
class Taking:
    """Places of a locked machine that a hold is to take for a span.

    place_ids: the places to choose from. places: how many of them; None takes every one. kept: those that it has to
    stay on, because it has begun.
    """

    hold_id: int
    machine_id: int
    place_ids: Sequence[int]
    occupied: TimeSpan
    places: int | None = None
    kept: Collection[int] = ()

    @property
    def key(self) -> TakingKey:
        """What tells it from the other parts of its hold."""
        return self.hold_id, self.occupied.start

    @property
    def has_choice(self) -> bool:
        """Whether places have to be chosen. If not, the guard alone decides, which is the cheapest check."""
        return len(self.place_ids) != 1 or self.count != 1

    @property
    def count(self) -> int:
        """How many places it takes."""
        return len(self.place_ids) if self.places is None else self.places

    def is_over(self, now: datetime) -> bool:
        """Whether no place has to be free for it any more. A closure, of every place, is for its whole span."""
        return self.places is not None and self.occupied.end <= now

    def past_of(self, held: Iterable[tuple[int, datetime, datetime]]) -> Sequence[tuple[int, TimeSpan]]:
        """Return what its hold had of its time, as far as it was for as many places."""
        within = [(row[0], max(row[1], self.occupied.start), min(row[2], self.occupied.end)) for row in held]
        return [(place_id, TimeSpan(since, until)) for place_id, since, until in within if since < until][: self.count]

    def from_now(self, held: Iterable[tuple[int, datetime, datetime]], now: datetime) -> Taking:
        """Return it for what is left of its time, on the places that its hold has now, first those that it has longest.

        held: what the hold has taken, as (place, from, until). What is past needs no place. A closure is for its whole
        span; what has not begun, or is over, stays as it is.
        """
        if self.places is None or not self.occupied.start <= now < self.occupied.end:
            return self
        present = [row for row in held if row[1] <= now < row[2] and row[0] in self.place_ids]
        places = [place_id for place_id, *_ in sorted(present, key=itemgetter(2), reverse=True)]
        return replace(self, occupied=TimeSpan(now, self.occupied.end), kept=places[: self.count])


class Occupied(NamedTuple):
    """A stored occupancy. is_fixed: it may not be put on another place. is_closure: its hold is no reservation.

    gives_way: it is of a closure around reservations, which takes what they leave.
    """

    id: int
    place_id: int
    since: datetime
    until: datetime
    hold_id: int
    is_fixed: bool
    is_closure: bool = False
    gives_way: bool = False


class Moved(NamedTuple):
    """A stored occupancy that is put on another place."""

    occupancy_id: int
    hold_id: int
    place_id: int
    occupied: TimeSpan


@dataclass(frozen=True, slots=True)
class Assignment:
    """The places of new holds, and the stored occupancies that have to be put on other places for them."""

    chosen: dict[TakingKey, Sequence[int]] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)


@dataclass(slots=True)
class _Claim:
    """A hold to be placed. own: the places that it has, with the id of the occupancy if it is stored."""

    hold_id: int
    occupied: TimeSpan
    places: int
    own: dict[int, int | None]
    is_stored: bool


class Rearrangement:
    """One walk through the holds of a machine, in the order of their starts.

    read: returns the occupancies that overlap a span. It is asked for more only while something has to move.
    """

    def __init__(
        self,
        place_ids: Sequence[int],
        takings: Iterable[Taking],
        span: TimeSpan,
        read: Callable[[TimeSpan], Iterable[Occupied]],
    ) -> None:
        self._place_ids, self._span, self._read = place_ids, span, read
        self._settled = PlaceCalendar({})
        self._claims: dict[TakingKey, _Claim] = {}
        self._queue: list[tuple[datetime, bool, int]] = []
        self._starts_next: dict[int, deque[datetime]] = {place_id: deque() for place_id in place_ids}
        self._known: set[int] = set()
        self._until = span.start
        self._found = Assignment()
        for taking in takings:
            own: dict[int, int | None] = dict.fromkeys(taking.kept)
            self._add(_Claim(taking.hold_id, taking.occupied, taking.count, own, is_stored=False))

    def run(self) -> Assignment | None:
        """Return the places of the new holds and what moves for them; None when something fixed is in the way."""
        self._look_until(self._span.end)
        while self._queue and self._queue[0][0] < self._until:
            start, _is_new, hold_id = self._queue[0]
            claim = self._claims[hold_id, start]
            places = self._places_for(claim)
            if places is None:
                return None
            if claim.occupied.end > self._until and claim.own.keys() != set(places):
                self._look_until(claim.occupied.end)
                continue
            heappop(self._queue)
            self._settle(claim, places)
        return self._found

    def _add(self, claim: _Claim) -> None:
        self._claims[claim.hold_id, claim.occupied.start] = claim
        heappush(self._queue, (claim.occupied.start, not claim.is_stored, claim.hold_id))

    def _look_until(self, until: datetime) -> None:
        """Read what holds the places up to an instant."""
        rows = [row for row in self._read(TimeSpan(self._until, until)) if row.id not in self._known]
        self._until = until
        for row in sorted(rows, key=lambda row: row.since):
            self._known.add(row.id)
            if row.gives_way:
                continue
            span = TimeSpan(row.since, row.until)
            if row.is_fixed or row.since < self._span.start:
                self._settled.take([row.place_id], span)
                continue
            if (row.hold_id, row.since) not in self._claims:
                self._add(_Claim(row.hold_id, span, 0, {}, is_stored=True))
            claim = self._claims[row.hold_id, row.since]
            claim.places += 1
            claim.own[row.place_id] = row.id
            self._starts_next.setdefault(row.place_id, deque()).append(row.since)

    def _places_for(self, claim: _Claim) -> list[int] | None:
        """Return its own places as far as they are free, then those that are free longest; None if too few are."""
        free = self._settled.free(self._place_ids, claim.occupied)
        kept = [place_id for place_id in free if place_id in claim.own]
        if len(free) < claim.places or not (claim.is_stored or len(kept) == len(claim.own)):
            return None
        others = (place_id for place_id in free if place_id not in claim.own)
        return (kept + sorted(others, key=self._free_until, reverse=True))[: claim.places]

    def _free_until(self, place_id: int) -> datetime:
        starts = self._starts_next[place_id]
        return starts[0] if starts else NEVER

    def _settle(self, claim: _Claim, places: Sequence[int]) -> None:
        self._settled.take(places, claim.occupied)
        if not claim.is_stored:
            self._found.chosen[claim.hold_id, claim.occupied.start] = places
            return
        for place_id in claim.own:
            self._starts_next[place_id].popleft()
        left = [occupancy_id for place_id, occupancy_id in claim.own.items() if place_id not in places]
        new = (place_id for place_id in places if place_id not in claim.own)
        for occupancy_id, place_id in zip(left, new, strict=True):
            assert occupancy_id is not None
            self._found.moved.append(Moved(occupancy_id, claim.hold_id, place_id, claim.occupied))
