"""The free time of several machines, for plans that move many reservations at once: read once, then held in memory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from booking.availability import starts
from booking.availability.accepted import SlotQuery
from booking.availability.reading import HOLDING_ROWS, Held
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.members.members import Eligibilities
from booking.places import held_spans
from booking.records.catalogue import MachineTerms
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.lending_rules import HORIZON_DAYS_MAX
from booking.times.wall_clock import first_instant, local_day, to_wall
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Leaving:
    """A reservation that leaves its machine: what its hold takes counts as free, the closed span as held."""

    hold_id: int
    closed: TimeSpan


class MachineRoom:
    """When machines would take reservations, beside what holds them and what was planned with `hold`.

    The rules of asking (notice, horizon) and quotas do not count. Raises nothing: what is impossible is None or False.
    """

    def __init__(
        self, session: Session, machines: Sequence[MachineTerms], eligibilities: Eligibilities, within: TimeSpan
    ) -> None:
        """within: every asked time with set-up and cleaning lies in it; outside nothing is free."""
        self.within = within
        self._eligibilities = eligibilities
        self._policies = {
            one.machine_id: replace(one.policy, notice_hours=0, horizon_days=HORIZON_DAYS_MAX) for one in machines
        }
        self._held: Held = {}
        self._rows: dict[int, list[tuple[int, int, int]]] = {}  # place -> (from, until, hold)
        ids = [one.machine_id for one in machines]
        for unit_id, hold_id, since, until in session.connection().execute(
            HOLDING_ROWS, held_spans.during(ids, within)
        ):
            self._rows.setdefault(unit_id, []).append((since, until, hold_id))
        for unit_id, rows in self._rows.items():
            rows.sort()
            self._held[unit_id] = [(since, until) for since, until, _hold in rows]

    def takes(self, terms: MachineTerms, wish: Wish, now: datetime, leaving: Leaving | None = None) -> bool:
        """Return whether a machine would take a wish at its time: enough places are free, and its rules allow it."""
        policy = self._policies[terms.machine_id]
        occupied = policy.occupied_by(wish.span)
        if wish.places > len(terms.place_ids) or not self.within.contains(occupied):
            return False
        if leaving is not None and leaving.closed.overlaps(occupied):
            return False
        by_place = (self._held_beside(place_id, leaving) for place_id in terms.place_ids)
        short = starts.short_of_places(by_place, len(terms.place_ids), wish.places)
        if _meets(short, floor_timestamp(occupied.start), ceil_timestamp(occupied.end)):
            return False
        eligibility = self._eligibilities.of(wish.member_id, policy.induction_kind_id)
        return not any(lending_rules.check_request(wish.span, wish.places, policy, eligibility, asked_at=now))

    def hold(self, terms: MachineTerms, wish: Wish, span: TimeSpan) -> None:
        """Count as many places as a wish needs as held for a span; which ones does not matter."""
        occupied = terms.policy.occupied_by(span)
        for place_id in terms.place_ids[: wish.places]:
            insort(self._held.setdefault(place_id, []), (floor_timestamp(occupied.start), ceil_timestamp(occupied.end)))

    def nearest(
        self, terms: MachineTerms, wish: Wish, tolerance: timedelta, now: datetime, leaving: Leaving | None = None
    ) -> TimeSpan | None:
        """Return the span nearest to a wished one that begins at most so much earlier or later."""
        query = self._query(terms, wish, now)
        wished = floor_timestamp(wish.span.start)
        reach = int(tolerance.total_seconds())
        intervals = self._accepted(query, (wished - reach, wished + reach), leaving)
        earlier = starts.last_start(intervals, wished, query.policy)
        later = starts.next_start(intervals, wished, query.policy)
        found = [start for start in (later, earlier) if start is not None]
        return query.span_from(min(found, key=lambda start: abs(start - wished))) if found else None

    def later(
        self, terms: MachineTerms, wish: Wish, days: int, now: datetime, leaving: Leaving | None = None
    ) -> TimeSpan | None:
        """Return the first span on one of the next days at the wished time of the day or later that day.

        Without one, the first at any time of these days.
        """
        query = self._query(terms, wish, now)
        since = ceil_timestamp(max(wish.span.start, now, leaving.closed.end if leaving else now))
        intervals = self._accepted(query, (since, since + days * DAY), leaving)
        for target, limit in _targets(wish.span.start, query, since, days):
            start = starts.next_start(intervals, max(target, since), query.policy)
            if start is not None and start < limit:
                return query.span_from(start)
        start = starts.next_start(intervals, since, query.policy)
        return None if start is None else query.span_from(start)

    def _query(self, terms: MachineTerms, wish: Wish, now: datetime) -> SlotQuery:
        policy = self._policies[terms.machine_id]
        minutes, rest = divmod(policy.length_seconds(wish.span), 60)
        eligibility = self._eligibilities.of(wish.member_id, policy.induction_kind_id)
        return SlotQuery(policy, terms.place_ids, 0 if rest else minutes, wish.places, eligibility, now)

    def _accepted(self, query: SlotQuery, wanted: Interval, leaving: Leaving | None) -> list[Interval]:
        # No further than what was read: each query needs to know what holds the places around its starts.
        known = ceil_timestamp(self.within.start), floor_timestamp(self.within.end)
        needed = query.needed((0, 0))
        within = max(wanted[0], known[0] - needed[0]), min(wanted[1], known[1] - needed[1])
        if within[0] > within[1]:
            return []
        return query.accepted(self._held_without(query.place_ids, leaving), within)

    def _held_without(self, place_ids: Sequence[int], leaving: Leaving | None) -> Held:
        if leaving is None:
            return self._held
        closed = floor_timestamp(leaving.closed.start), ceil_timestamp(leaving.closed.end)
        left: Held = {}
        for place_id in place_ids:
            held = list(self._held_beside(place_id, leaving))
            insort(held, closed)
            left[place_id] = held
        return left

    def _held_beside(self, place_id: int, leaving: Leaving | None) -> Sequence[Interval]:
        """Return what holds a place beside a reservation that leaves."""
        held = self._held.get(place_id, [])
        if leaving is None:
            return held
        left = list(held)
        for since, until, hold_id in self._rows.get(place_id, ()):
            if hold_id == leaving.hold_id:
                left.remove((since, until))
        return left


def _meets(short: Sequence[Interval], since: int, until: int) -> bool:
    at = bisect_left(short, (until,))
    return at > 0 and short[at - 1][1] > since


def _targets(wished: datetime, query: SlotQuery, since: int, days: int) -> list[Interval]:
    """Return for each day from when until when a start is looked for: from the wished time of the day on."""
    zone = query.policy.hours.zone
    first_day, clock = local_day(from_timestamp(since), zone), to_wall(wished, zone).time()
    found = []
    for day in range(days + 1):
        midnight = first_instant(datetime.combine(first_day + timedelta(days=day + 1), time()), zone)
        target = first_instant(datetime.combine(first_day + timedelta(days=day), clock), zone)
        found.append((floor_timestamp(target), floor_timestamp(midnight)))
    return found
