"""A plain model of scheduling, beside which test_every_verb.py runs the program.

It imports nothing of the program. Times are minutes from Monday, 8:00 by the clock of the ring, in winter without a
clock change. What is held is a list of (places, from, until); whether a wish fits is decided by counting minute by
minute, because the places of a machine are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

DAY = 24 * 60
WEEK = 7 * DAY
MIDNIGHT = -8 * 60  # of the first day
DECISION, OFFER = 48 * 60, 24 * 60  # how long a request and an offer may wait for an answer
TIME_TO_ANSWER = 15
FAR = 10**9

HOLDING = ("requested", "confirmed", "in_use")
COUNTED = (*HOLDING, "completed", "no_show")
WAITING = ("requested", "confirmed")

Part = tuple[int, int, int]  # places, from, until


def steps(parts: Iterable[Part], since: int = -FAR) -> dict[int, int]:
    """Return how the number of places changes at each minute, from a minute on; equal for equal use of time."""
    found: Counter[int] = Counter()
    for places, start, end in parts:
        if end > since:
            found[max(start, since)] += places
            found[end] -= places
    return {minute: change for minute, change in found.items() if change}


@dataclass
class Machine:
    places: int = 1
    setup: int = 0
    cleaning: int = 0
    needs_approval: bool = False
    needs_induction: bool = False
    has_quotas: bool = False
    group: str = ""
    is_retired: bool = False


@dataclass
class Time:
    """A span of work, what it occupies with set-up and cleaning, and its places."""

    start: int
    end: int
    since: int
    until: int
    places: int

    @property
    def part(self) -> Part:
        return self.places, self.since, self.until

    def contains(self, start: int, end: int, places: int) -> bool:
        return self.start <= start and end <= self.end and places <= self.places


@dataclass
class Reservation:
    machine: int
    member: int
    time: Time
    status: str
    decide_until: int | None = None
    former: Time | None = None
    handed_out: int | None = None
    tolerance: int = 0
    proposed: tuple[int, ...] = ()  # machine, start, end, places: where a plan moved it, until its member agrees
    decision: str = ""  # approved, rejected or, of another time, moved; "" while it waits
    is_over_again: bool = False  # a no-show that was taken back after its end holds nothing

    @property
    def place(self) -> tuple[int, ...]:
        return self.machine, self.time.start, self.time.end, self.time.places

    @property
    def parts(self) -> list[Part]:
        """What it holds."""
        if self.status not in HOLDING or self.is_over_again:
            return []
        if self.former is None:
            return [self.time.part]
        first, second = self.former, self.time
        cuts = sorted({first.since, first.until, second.since, second.until})
        found = []
        for since, until in pairwise(cuts):
            places = max(
                (one.places for one in (first, second) if one.since <= since and until <= one.until), default=0
            )
            found += [(places, since, until)] if places else []
        return found


@dataclass
class Closure:
    machine: int
    start: int
    end: int
    is_around: bool = False
    is_lifted: bool = False
    rule: int | None = None  # of closures that repeat

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


@dataclass
class Entry:
    """Who waits for a machine: for exactly a span, or for so many minutes within it."""

    machine: int
    member: int
    start: int
    end: int
    places: int
    length: int | None = None
    has_left: bool = False
    offer: int | None = None


@dataclass
class Offer:
    entry: int
    machine: int
    time: Time
    lapses: int
    state: str = "open"


@dataclass
class Series:
    machine: int
    member: int
    start: int  # of the first date
    length: int
    count: int
    places: int
    dates: dict[int, int] = field(default_factory=dict)  # number of the date -> reservation
    is_changed: bool = False
    clock: int = 0  # by which it lives
    made_at: int = 0


@dataclass
class Replanned:
    kind: str
    closure: int
    old: tuple[int, int, int]  # machine, start, end
    new: tuple[int, int, int]
    hold: int | None = None  # of a proposal that is held until its member answers
    parts: list[Part] = field(default_factory=list)
    lapses: int = FAR


@dataclass
class Induction:
    member: int
    first: int
    last: int
    has_ended: bool = False


@dataclass
class Holdings:
    """What is held, by which rules; rules and holds without the verbs that change them."""

    machines: dict[int, Machine] = field(default_factory=dict)
    reservations: dict[int, Reservation] = field(default_factory=dict)
    closures: dict[int, Closure] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)
    series: dict[int, Series] = field(default_factory=dict)
    replanned: dict[int, Replanned] = field(default_factory=dict)
    inductions: dict[int, Induction] = field(default_factory=dict)
    quotas: dict[str, tuple[int, int]] = field(default_factory=dict)  # measure -> id, most
    left: dict[int, tuple[int, list[Part]]] = field(default_factory=dict)  # what completed uses still hold
    now: int = 0
    clock: int = 0  # by how many minutes the clock of the workshop is behind that of the first day

    def day_of(self, minute: int) -> int:
        """Return the number of the day of a minute by the clock of the workshop; the first day is 0."""
        return (minute - MIDNIGHT - self.clock) // DAY

    def week_of(self, minute: int) -> int:
        return (minute - MIDNIGHT - self.clock) // WEEK

    # What is held

    def time(self, machine: int, start: int, end: int, places: int) -> Time:
        one = self.machines[machine]
        return Time(start, end, start - one.setup, end + one.cleaning, places)

    def holds(self, machine: int) -> Iterator[tuple[int, list[Part]]]:
        """Yield what holds a machine, without closures around reservations."""
        for number, one in self.reservations.items():
            if one.machine == machine and one.parts:
                yield number, one.parts
        for number, (of_machine, parts) in self.left.items():
            if of_machine == machine:
                yield number, parts
        for number, offer in self.offers.items():
            if offer.machine == machine and offer.state == "open":
                yield number, [offer.time.part]
        for noted in self.replanned.values():
            if noted.hold is not None and noted.new[0] == machine:
                yield noted.hold, noted.parts
        places = self.machines[machine].places
        for number, closure in self.closures.items():
            if closure.machine == machine and not closure.is_around and not closure.is_lifted:
                yield number, [(places, *closure.span)]

    def used(self, parts: Iterable[Part], minute: int) -> int:
        return sum(places for places, since, until in parts if since <= minute < until)

    def is_closed_around(self, machine: int, minute: int) -> bool:
        return any(
            one.machine == machine and one.is_around and not one.is_lifted and one.start <= minute < one.end
            for one in self.closures.values()
        )

    def fits(
        self,
        machine: int,
        parts: Iterable[Part],
        *,
        excluding: Iterable[int] = (),
        keeping: int | None = None,
        besides: Iterable[Part] = (),
    ) -> bool:
        """Return whether parts are free by counting, in every minute.

        excluding: holds that go. keeping: one of a reservation that is changed, which keeps what it has where the
        machine is closed around it.
        """
        gone = {*excluding, keeping}
        held = {number: list(own) for number, own in self.holds(machine)}
        own = held.get(keeping, []) if keeping is not None else []
        others = [part for number, each in held.items() if number not in gone for part in each] + [*besides]
        capacity = self.machines[machine].places
        cuts = {minute for _places, since, until in [*others, *own] for minute in (since, until)}
        for closure in self.closures.values():
            cuts |= set(closure.span)
        for places, since, until in parts:
            for minute in [since, *(each for each in cuts if since < each < until)]:
                if self.used(others, minute) + places > capacity:
                    return False
                if self.is_closed_around(machine, minute) and self.used(own, minute) < places:
                    return False
        return True

    def from_now(self, parts: Iterable[Part]) -> list[Part]:
        """Return what is left of the time of a hold that may have begun."""
        return [(places, max(since, self.now), until) for places, since, until in parts if until > self.now]

    # Rules

    def is_inducted(self, machine: int, member: int, start: int, end: int) -> bool:
        if not self.machines[machine].needs_induction:
            return True
        mine = [one for one in self.inductions.values() if one.member == member and not one.has_ended]
        days = range(self.day_of(start), self.day_of(end - 1) + 1)
        return all(any(one.first <= day <= one.last for one in mine) for day in days)

    def counted(self, times: Iterable[Time]) -> Counter[int]:
        """Return the minutes that a reservation counts in each week: of two times the greater."""
        found: Counter[int] = Counter()
        for one in times:
            for week in range(self.week_of(one.start), self.week_of(one.end - 1) + 1):
                first = MIDNIGHT + self.clock + week * WEEK
                minutes = (min(one.end, first + WEEK) - max(one.start, first)) * one.places
                found[week] = max(found[week], minutes)
        return found

    def passes_quota(
        self,
        machine: int,
        member: int,
        wish: Time,
        *,
        reservation: int | None = None,
        held: Time | None = None,
        planned: Iterable[Time] = (),
    ) -> bool:
        """Return whether a wish would be more than a quota allows; planned: dates that are entered with it."""
        if not self.machines[machine].has_quotas:
            return False
        others = [
            one
            for number, one in self.reservations.items()
            if one.machine == machine and one.member == member and number != reservation
        ]
        planned = list(planned)
        if "time" in self.quotas:
            most, used = self.quotas["time"][1], Counter()
            for one in others:
                if one.status in COUNTED:
                    used.update(self.counted([one.time, *([one.former] if one.former else [])]))
            for time in planned:
                used.update(self.counted([time]))
            before = self.counted([held] if held else [])
            for week, minutes in self.counted([wish]).items():
                if used[week] + minutes > most and minutes > before[week]:
                    return True
        if "open" in self.quotas and held is None:
            open_ones = [one for one in others if one.status in HOLDING and one.time.end > self.now]
            return len(open_ones) + len(planned) + 1 > self.quotas["open"][1]
        return False

    def breaks_rules(
        self, machine: int, member: int, wish: Time, *, asked: int | None = None, planned: Iterable[Time] = ()
    ) -> bool:
        """Return whether the rules refuse a new wish."""
        return (
            wish.start < (self.now if asked is None else asked)
            or not 1 <= wish.places <= self.machines[machine].places
            or not self.is_inducted(machine, member, wish.start, wish.end)
            or self.passes_quota(machine, member, wish, planned=planned)
        )
