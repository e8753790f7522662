"""The earliest free time on many machines, found without reading the year.

Looks forward six hours at first, then in doubled strides; and within a stride at the machines that open first, until no
other can be earlier. What the rules allow is worked out once for all machines whose rules are equal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking.availability import daytime, reading
from booking.availability.accepted import FAR_FUTURE, AllowedStarts, SlotQuery
from booking.availability.search import slot_queries
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.records import catalogue
from booking.timespan import TimeSpan

FIRST_LOOK, LONGEST_LOOK = DAY // 4, 64 * DAY
READ_AT_FIRST = 32  # machines; twice as many each time
Found = tuple[int, int, int]  # start and end in seconds since 1970, machine: in the order of FreeSpan


@dataclass(frozen=True, slots=True, order=True)
class FreeSpan:
    """A reservation that would be accepted. Ordered by time."""

    span: TimeSpan
    machine_id: int


def earliest_free(
    session: Session,
    *,
    minutes: int,
    now: datetime,
    after: datetime | None = None,
    until: datetime | None = None,
    places: int = 1,
    machine_ids: Collection[int] | None = None,
    workshop_slug: str | None = None,
    kind: str | None = None,
    member_id: int | None = None,
    count: int = 1,
    by_day: bool = False,
) -> tuple[FreeSpan, ...]:
    """Return the earliest reservations of these minutes that would be accepted, at most one for each machine.

    Looks forward from `after` (None: now). An empty collection of machines matches nothing. by_day: only what begins
    and ends in the waking day.

    Raises MemberNotFound.
    """
    terms = catalogue.lent_terms(session, machine_ids=machine_ids, workshop_slug=workshop_slug, kind=kind)
    queries = slot_queries(session, terms, minutes, places, member_id, now)
    ends_by = floor_timestamp(until) if until is not None else FAR_FUTURE
    # What holds a machine is read up to the end of the last start: a stride shorter than the length reads it twice.
    since, stride = ceil_timestamp(max(after or now, now)), max(FIRST_LOOK, 2 * minutes * 60)
    search = _Search(session, queries, (since, ends_by), count, by_day=by_day)
    while search.goes_on(since):
        search.look((since, min(since + stride, ends_by) - 1))
        since, stride = since + stride, min(stride * 2, LONGEST_LOOK)
    return tuple(
        FreeSpan(TimeSpan(from_timestamp(start), from_timestamp(end)), machine_id)
        for start, end, machine_id in sorted(search.found)[:count]
    )


class _Allowed(NamedTuple):
    """The starts that some rules allow, and the first of them with its end: of a machine that nothing holds."""

    starts: list[AllowedStarts]
    first: Interval | None


class _Search:
    """One search: the machines that are still without a free time, and what was found on the others."""

    def __init__(
        self, session: Session, queries: Mapping[int, SlotQuery], during: Interval, count: int, *, by_day: bool
    ) -> None:
        self.found: list[Found] = []
        self._session, self._ends_by, self._count, self._by_day = session, during[1], count, by_day
        possible = {machine_id: query for machine_id, query in queries.items() if query.is_possible}
        by_rules = {id(query.policy): query for query in possible.values()}
        asked = {rules: query.asked_for(during) for rules, query in by_rules.items()}
        # Of each machine its query and the last start that its horizon allows.
        self._waiting = {
            machine_id: (query, window[1])
            for machine_id, query in possible.items()
            if (window := asked[id(query.policy)])
        }
        self._size = READ_AT_FIRST

    def goes_on(self, since: int) -> bool:
        """Return whether too few were found, and a start from an instant on may be free."""
        self._waiting = {machine_id: one for machine_id, one in self._waiting.items() if one[1] >= since}
        return len(self.found) < self._count and bool(self._waiting) and since < self._ends_by

    def look(self, within: Interval) -> None:
        """Look at the starts within an interval, reading what holds as few machines as possible.

        No machine is free before it would be if nothing held it: one that would come later than the last one wanted is
        not read. A search that had to read many machines goes on with as many at once.
        """
        allowed = self._allowed(within)
        hoped = sorted(
            (*first, machine_id)
            for machine_id, (query, _last) in self._waiting.items()
            if (first := allowed[id(query.policy)].first)
        )
        at = 0
        while at < len(hoped) and self._can_be_wanted(hoped[at]):
            some = {machine_id: self._waiting[machine_id][0] for *_span, machine_id in hoped[at : at + self._size]}
            needed = [query.needed(within) for query in some.values()]
            during = min(since for since, _ in needed), max(until for _, until in needed)
            held = reading.held_places(self._session, some.keys(), during)
            for machine_id, query in some.items():
                if first := query.first(held, allowed[id(query.policy)].starts):
                    self.found.append((*first, machine_id))
            at, self._size = at + self._size, self._size * 2
        for *_span, machine_id in self.found:
            self._waiting.pop(machine_id, None)

    def _can_be_wanted(self, hoped: Found) -> bool:
        return len(self.found) < self._count or sorted(self.found)[self._count - 1] > hoped

    def _allowed(self, within: Interval) -> dict[int, _Allowed]:
        """Return what the rules allow within an interval, by the id of the rules: equal ones are one object."""
        allowed: dict[int, _Allowed] = {}
        for query, _last in self._waiting.values():
            if id(query.policy) not in allowed:
                found = query.allowed(within, self._ends_by)
                found = daytime.allowed_by_day(query, found, within) if self._by_day else found
                allowed[id(query.policy)] = _Allowed(found, query.first({}, found))
        return allowed
