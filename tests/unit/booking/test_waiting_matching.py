"""Which span fulfils a wish of the waiting list: parts of the day, exact spans, lengths. Without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.kernel.events import Actor
from booking.models import DayPart
from booking.records.catalogue import MachineTerms
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.rules.persons import Person
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan
from booking.waiting.matching import WaitingWish, entry_of, first_span, minutes_of, pieces

BERLIN = ZoneInfo("Europe/Berlin")
INDUCTED = MemberEligibility(((date.min, date.max),))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def within(start: str, end: str) -> TimeSpan:
    return TimeSpan(at(start), at(end))


NOW = at("2026-11-23 08:00")
WEEK = within("2026-11-25 10:00", "2026-11-27 09:00")
POLICY = Policy(hours=WeeklyHours(BERLIN, ALWAYS), induction_kind_id=None, places=1, longest_min=5_760, cleaning_min=30)
TERMS = MachineTerms(1, 1, "Saw", "saw", is_retired=False, place_ids=(5,), policy=POLICY)
WISH = WaitingWish(7, 1, None, WEEK, length_min=120)


def shown(spans) -> list[str]:
    """The pieces as the clock shows them."""
    clock = [[datetime.fromtimestamp(each, BERLIN).strftime("%a %H:%M") for each in piece] for piece in spans]
    return [" - ".join(piece) for piece in clock]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (DayPart.ANY, ["Wed 10:00 - Fri 09:00"]),
        (DayPart.MORNING, ["Wed 10:00 - Wed 12:00", "Thu 06:00 - Thu 12:00", "Fri 06:00 - Fri 09:00"]),
        (DayPart.AFTERNOON, ["Wed 12:00 - Wed 18:00", "Thu 12:00 - Thu 18:00"]),
        (DayPart.EVENING, ["Wed 18:00 - Thu 00:00", "Thu 18:00 - Fri 00:00"]),
    ],
)
def test_a_wish_lies_within_its_part_of_each_day(part, found):
    assert shown(pieces(replace(WISH, part=part), POLICY, NOW)) == found


def test_what_is_over_for_a_day_is_not_looked_at_and_a_piece_that_ends_where_it_begins_is_none():
    mornings = replace(WISH, part=DayPart.MORNING)
    assert shown(pieces(mornings, POLICY, at("2026-11-27 08:00"))) == [
        "Thu 06:00 - Thu 12:00",
        "Fri 06:00 - Fri 09:00",
    ]
    until_noon = replace(mornings, window=within("2026-11-25 12:00", "2026-11-26 06:00"))
    assert shown(pieces(until_noon, POLICY, NOW)) == []


def test_parts_of_the_day_are_by_the_clock_on_the_days_of_its_changes():
    spring = replace(WISH, part=DayPart.MORNING, window=within("2027-03-27 12:00", "2027-03-29 00:00"))
    (piece,) = pieces(spring, POLICY, NOW)
    assert shown([piece]) == ["Sun 06:00 - Sun 12:00"]
    assert piece[1] - piece[0] == 6 * 3_600


def test_the_length_is_wished_or_that_of_the_window():
    exact = replace(WISH, length_min=None)
    assert (WISH.is_exact, exact.is_exact) == (False, True)
    assert (minutes_of(WISH, POLICY), minutes_of(exact, POLICY)) == (120, 47 * 60)
    odd = replace(exact, window=TimeSpan(WEEK.start, WEEK.start + timedelta(minutes=60, seconds=1)))
    assert minutes_of(odd, POLICY) == 0


@pytest.mark.parametrize(
    ("wish", "held", "found"),
    [
        (WISH, [], "Wed 10:00 - Wed 12:00"),
        (WISH, [within("2026-11-25 10:00", "2026-11-25 13:00")], "Wed 13:00 - Wed 15:00"),
        (WISH, [within("2026-11-25 12:00", "2026-11-25 13:00")], "Wed 13:00 - Wed 15:00"),
        (replace(WISH, places=2), [], None),
        (replace(WISH, window=within("2026-11-25 10:00", "2026-11-25 12:00")), [], "Wed 10:00 - Wed 12:00"),
        (replace(WISH, window=within("2026-11-25 10:00", "2026-11-25 11:45")), [], None),
        (replace(WISH, length_min=None), [], "Wed 10:00 - Fri 09:00"),
        (replace(WISH, length_min=None), [within("2026-11-27 08:00", "2026-11-27 09:00")], None),
        (
            replace(WISH, length_min=None, window=within("2026-11-25 02:00", "2026-11-25 04:00")),
            [],
            "Wed 02:00 - Wed 04:00",
        ),
        (replace(WISH, window=within("2026-11-25 02:00", "2026-11-25 12:00")), [], "Wed 06:00 - Wed 08:00"),
        (replace(WISH, window=within("2026-11-25 01:00", "2026-11-25 05:00")), [], "Wed 01:00 - Wed 03:00"),
        (replace(WISH, part=DayPart.AFTERNOON), [], "Wed 12:00 - Wed 14:00"),
    ],
)
def test_the_first_span_is_by_day_where_that_is_possible(wish, held, found):
    taken = {5: [(int(one.start.timestamp()), int(one.end.timestamp())) for one in held]}
    span = first_span(wish, TERMS, INDUCTED, taken, asked_at=NOW)
    assert (span and shown([(span.start.timestamp(), span.end.timestamp())])[0]) == found


def test_an_entry_stores_what_is_wished():
    wish = replace(WISH, part=DayPart.EVENING, purpose="Hay", is_automatic=True, second=Person("Otto", 9))
    stored = entry_of(wish, Actor(user_id=3), NOW)
    assert (stored.member_id, stored.machine_id, stored.group_id) == (7, 1, None)
    assert (stored.window_from, stored.window_until, stored.length_min) == (WEEK.start, WEEK.end, 120)
    assert (stored.part, stored.places, stored.purpose, stored.is_automatic) == ("evening", 1, "Hay", True)
    assert (stored.created_at, stored.created_by, stored.second_person, stored.second_user_id) == (NOW, 3, "Otto", 9)
    assert stored.revision == 0
    assert wish.named_second == Person("Otto", 9)
    assert replace(wish, is_automatic=False).named_second is None
    assert replace(wish, second=Person()).named_second is None
