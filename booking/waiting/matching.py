"""Which span of a machine would fulfil a wish of the waiting list. Pure, given what holds the places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.availability import daytime
from booking.availability.accepted import SlotQuery
from booking.availability.reading import Held
from booking.availability.starts import Interval, ceil_timestamp, floor_timestamp, next_start
from booking.kernel.events import Actor
from booking.models import DayPart, WaitingEntry
from booking.records.catalogue import MachineTerms
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

PART_MINUTES: Mapping[DayPart, tuple[int, int]] = {
    DayPart.MORNING: (6 * 60, 12 * 60),
    DayPart.AFTERNOON: (12 * 60, 18 * 60),
    DayPart.EVENING: (18 * 60, MINUTES_OF_A_DAY),
}


@dataclass(frozen=True, slots=True)
class WaitingWish:
    """What a member waits for: a machine or a group, exactly one of them. The rest as in models.WaitingEntry.

    second: who is there as well, where it is accepted without asking.
    """

    member_id: int
    machine_id: int | None
    group_id: int | None
    window: TimeSpan
    length_min: int | None = None
    part: DayPart = DayPart.ANY
    places: int = 1
    purpose: str = ""
    is_automatic: bool = False
    second: Person = MEMBER_ITSELF
    choices: tuple[str, ...] = ()

    @property
    def named_second(self) -> Person | None:
        """Who is there as well without being asked; None where that is asked or named later."""
        return self.second if self.is_automatic and self.second.name else None

    @property
    def is_exact(self) -> bool:
        """Whether only the window itself will do."""
        return self.length_min is None


def entry_of(wish: WaitingWish, by: Actor, now: datetime) -> WaitingEntry:
    """Return the entry of a wish, to be stored."""
    return WaitingEntry(
        member_id=wish.member_id,
        machine_id=wish.machine_id,
        group_id=wish.group_id,
        window_from=wish.window.start,
        window_until=wish.window.end,
        length_min=wish.length_min,
        part=wish.part.value,
        places=wish.places,
        purpose=wish.purpose,
        created_at=now,
        created_by=by.user_id,
        is_automatic=wish.is_automatic,
        second_person=wish.second.name,
        second_user_id=wish.second.user_id,
        choices=wish.choices,
        revision=0,
    )


def minutes_of(wish: WaitingWish, policy: Policy) -> int:
    """Return the wished length, of a machine lent by the day by the clock. 0 where it is no whole number of minutes."""
    if wish.length_min is not None:
        return wish.length_min
    minutes, rest = divmod(policy.length_seconds(wish.window), 60)
    return 0 if rest else minutes


def first_span(
    wish: WaitingWish,
    terms: MachineTerms,
    eligibility: MemberEligibility,
    held: Held,
    *,
    asked_at: datetime,
) -> TimeSpan | None:
    """Return the first span of a machine that fulfils a wish and would be accepted, by day if possible; or None.

    held: what holds its places in the window. asked_at: from when notice and horizon count.
    """
    policy = terms.policy
    minutes = minutes_of(wish, policy)
    query = SlotQuery(policy, terms.place_ids, minutes, wish.places, eligibility, asked_at)
    for since, until in pieces(wish, policy, asked_at):
        within = (since, since if wish.is_exact else until)
        accepted = query.accepted(held, within, until)
        start = next_start(
            daytime.by_day(query, accepted, within, wish.window if wish.is_exact else None), since, policy
        )
        start = next_start(accepted, since, policy) if start is None else start
        if start is not None:
            return query.span_from(start)
    return None


def pieces(wish: WaitingWish, policy: Policy, now: datetime) -> Iterator[Interval]:
    """Yield the times in which a reservation has to lie as a whole, in order: (from, until) in seconds since 1970.

    Parts of the day are by the clock of the workshop on each local day, so an hour shorter or longer at its changes.
    """
    first = max(wish.window.start, now - timedelta(days=1))
    window = ceil_timestamp(wish.window.start), floor_timestamp(wish.window.end)
    if wish.part is DayPart.ANY:
        yield window
        return
    opens, closes = PART_MINUTES[wish.part]
    zone, day = policy.hours.zone, local_day(first, policy.hours.zone)
    while day <= local_day(wish.window.end, zone):
        since, until = (ceil_timestamp(instant_of(day, minute, zone)) for minute in (opens, closes))
        since, until = max(since, window[0]), min(until, window[1])
        if since < until:
            yield since, until
        day += timedelta(days=1)
