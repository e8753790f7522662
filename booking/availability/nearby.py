"""Other times for several wishes at once, each near its own; for the dates of a series."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.availability import reading
from booking.availability.accepted import SlotQuery
from booking.availability.nearest import nearest
from booking.availability.proposals import allowed_minutes
from booking.availability.reading import Held
from booking.availability.replanning import hold, widest
from booking.availability.starts import DAY, Interval, floor_timestamp
from booking.members import members, second_persons
from booking.records import catalogue
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.lending_rules import Policy
from booking.timespan import TimeSpan

REACH = DAY * 3 // 2  # what lies further off is another date, not another time for it


def nearest_times(
    session: Session,
    machine_id: int,
    wishes: Sequence[Wish],
    *,
    besides: Iterable[TimeSpan],
    now: datetime,
    excluding: Collection[int] = (),
    overruled: Sequence[Collection[str]] = (),
) -> list[TimeSpan | None]:
    """Return for each wish of one member and number of places the nearest span that would be accepted instead.

    All of them are possible together, and beside other spans (besides) that are to be reserved with as many places.
    None: there is no such span within a day and a half, or the second person cannot be there then. excluding: the
    reservations that are moved, which need that person no more. overruled: for each wish, the rules that do not count
    for it. Raises MachineNotFound.
    """
    if not wishes:
        return []
    terms = catalogue.bookable_machine(session, machine_id)
    eligibility = members.eligibility_of(session, wishes[0].member_id, terms.policy.induction_kind_id)
    policies = [terms.policy.without(codes) for codes in overruled] or [terms.policy] * len(wishes)
    queries = [
        SlotQuery(policy, terms.place_ids, allowed_minutes(wish.span, policy), wish.places, eligibility, now)
        for wish, policy in zip(wishes, policies, strict=True)
    ]
    windows = [_window(wish) for wish in wishes]
    needed = [widest([query], window) for query, window in zip(queries, windows, strict=True)]
    during = min(since for since, _until in needed), max(until for _since, until in needed)
    held = reading.held_places(session, [machine_id], during)
    for span in besides:
        hold(held, terms.place_ids, queries[0], terms.policy.occupied_by(span))
    found: list[TimeSpan | None] = []
    for wish, query, window, wanted in zip(wishes, queries, windows, needed, strict=True):
        nearby = _nearest(query, _overlapping(held, wanted), window, wish.span)
        if nearby is not None:
            hold(held, terms.place_ids, query, terms.policy.occupied_by(nearby))
        found.append(nearby)
    return _with_second_persons(session, wishes, found, policies, excluding)


def _with_second_persons(
    session: Session,
    wishes: Sequence[Wish],
    found: list[TimeSpan | None],
    policies: Sequence[Policy],
    excluding: Collection[int],
) -> list[TimeSpan | None]:
    """Leave out the times at which the second person of a wish is needed elsewhere, or not inducted."""
    left = list(found)
    for second in dict.fromkeys(wish.second for wish in wishes):
        spans = {
            at: span
            for at, span in enumerate(found)
            if span is not None and wishes[at].second == second and policies[at].needs_second_person
        }
        if second is None or not spans:
            continue
        member_id = wishes[0].member_id
        busy = second_persons.check_busy_in_many(session, member_id, second, [*spans.values()], excluding=excluding)
        eligible = members.eligibility_of(session, member_id, policies[0].induction_kind_id, second)
        for (at, span), needed in zip(spans.items(), busy, strict=True):
            if needed or any(lending_rules.check_member(span, policies[at], eligible)):
                left[at] = None
    return left


def _window(wish: Wish) -> Interval:
    start = floor_timestamp(wish.span.start)
    return start - REACH, start + REACH


def _overlapping(held: Held, within: Interval) -> Held:
    """Return what holds places during an interval: without the rest of the year."""
    return {
        place_id: [one for one in intervals if one[0] < within[1] and within[0] < one[1]]
        for place_id, intervals in held.items()
    }


def _nearest(query: SlotQuery, held: Held, window: Interval, wished: TimeSpan) -> TimeSpan | None:
    if not query.is_possible:
        return None
    found = nearest(query, query.accepted(held, window), window, wished, 1)
    return next(iter((*found.by_day, *found.others)), None)
