"""What quotas count, for whom, and which one holds: without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.rules.quota_rules import (
    ALL_WEEKDAYS,
    Measure,
    Period,
    PrimeTime,
    Quota,
    applying,
    bits_of,
    days_of,
    differences,
    first_day_of,
)
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600
MONDAY, NEXT_MONDAY = date(2026, 11, 23), date(2026, 11, 30)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def within(start: str, end: str) -> TimeSpan:
    return TimeSpan(at(start), at(end))


def quota(period: Period | None = Period.WEEK, measure: Measure = Measure.TIME, **more) -> Quota:
    return Quota(**{"id": 1, "measure": measure, "most": 600, "zone": BERLIN, "period": period, **more})


EVENINGS = PrimeTime(bits_of([0, 4]), 17 * 60, 20 * 60, BERLIN)  # Monday and Friday


@pytest.mark.parametrize(
    ("span", "of", "counted"),
    [
        (within("2026-11-23 08:00", "2026-11-23 10:00"), quota(), {MONDAY: 2 * HOUR}),
        (within("2026-11-29 23:00", "2026-11-30 01:30"), quota(), {MONDAY: HOUR, NEXT_MONDAY: HOUR * 3 // 2}),
        (within("2026-11-29 23:00", "2026-11-30 00:00"), quota(), {MONDAY: HOUR}),
        (within("2026-11-30 00:00", "2026-11-30 01:00"), quota(), {NEXT_MONDAY: HOUR}),
        (within("2026-11-30 23:00", "2026-12-01 02:00"), quota(Period.MONTH), {NOVEMBER: HOUR, DECEMBER: 2 * HOUR}),
        (within("2026-12-31 23:00", "2027-01-01 01:00"), quota(Period.MONTH), {DECEMBER: HOUR, date(2027, 1, 1): HOUR}),
        (within("2027-03-28 00:00", "2027-03-29 00:00"), quota(), {date(2027, 3, 22): 23 * HOUR}),
        (within("2026-11-23 08:00", "2026-11-23 10:00"), quota(None, Measure.OPEN), {}),
        (within("2026-11-23 16:00", "2026-11-23 18:00"), quota(prime=EVENINGS), {MONDAY: HOUR}),
        (within("2026-11-24 16:00", "2026-11-24 18:00"), quota(prime=EVENINGS), {}),
        (within("2026-11-29 23:00", "2026-11-30 01:00"), quota(counted_from=NEXT_MONDAY), {NEXT_MONDAY: HOUR}),
        (within("2026-11-29 22:00", "2026-11-29 23:00"), quota(counted_from=NEXT_MONDAY), {}),
    ],
)
def test_time_counts_in_the_week_or_month_in_which_it_lies(span, of, counted):
    assert of.counted(span, 1) == counted
    assert of.counted(span, 3) == {first: seconds * 3 for first, seconds in counted.items()}


def test_of_a_former_and_a_wished_time_the_greater_counts_in_each_week():
    short = within("2026-11-23 08:00", "2026-11-23 09:00"), 1
    two_places = within("2026-11-23 08:00", "2026-11-23 09:00"), 2
    later = within("2026-11-30 08:00", "2026-11-30 11:00"), 1
    for times in ([short, two_places, later], [later, two_places, short]):
        assert quota().counted_of(times) == {MONDAY: 2 * HOUR, NEXT_MONDAY: 3 * HOUR}


def test_a_period_ends_where_the_next_one_begins():
    assert quota().period_from(MONDAY) == within("2026-11-23 00:00", "2026-11-30 00:00")
    assert quota(Period.MONTH).period_from(DECEMBER) == within("2026-12-01 00:00", "2027-01-01 00:00")
    assert quota(Period.MONTH).period_from(date(2027, 2, 1)) == within("2027-02-01 00:00", "2027-03-01 00:00")
    assert [quota(each).first_day(date(2026, 11, 29)) for each in Period] == [MONDAY, NOVEMBER]
    assert [first_day_of(each, NEXT_MONDAY) for each in ("week", "month")] == [NEXT_MONDAY, NOVEMBER]


def test_what_is_stored_of_a_quota_and_how_narrow_it_is():
    everybody, of_class, of_member = quota(), quota(price_class="active"), quota(member_id=7)
    assert [one.specificity for one in (everybody, of_class, of_member)] == [0, 1, 2]
    assert [one.is_for(7, "active") for one in (everybody, of_class, of_member)] == [True] * 3
    assert [one.is_for(8, "passive") for one in (everybody, of_class, of_member)] == [True, False, False]
    assert not of_member.is_for(8, "active")
    assert [one.is_stored for one in (everybody, quota(None, Measure.OPEN), quota(group_id=3))] == [True, False, False]
    assert [quota(measure=each).code for each in Measure] == ["quota_time", "quota_prime_time", "quota_open"]


def test_a_narrower_quota_replaces_the_wider_ones_that_count_the_same():
    everybody, of_class, of_member = quota(), quota(id=2, price_class="active"), quota(id=3, member_id=7)
    found = [everybody, of_class, of_member]
    assert [[one.replaces(other) for other in found] for one in found] == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
    ]
    assert applying(found, 7, "active") == (of_member,)
    assert applying(found, 8, "active") == (of_class,)
    assert applying(found, 8, "passive") == (everybody,)
    assert applying([of_member, quota(id=4, member_id=7)], 7, "") == (of_member, quota(id=4, member_id=7))


@pytest.mark.parametrize(
    "differs",
    [
        {"workshop_id": 1},
        {"machine_id": 1},
        {"group_id": 1},
        {"period": Period.MONTH},
        {"measure": Measure.PRIME_TIME, "prime": EVENINGS},
    ],
    ids=str,
)
def test_what_counts_something_else_holds_beside_it(differs):
    of_member = quota(id=2, **{"member_id": 7, **differs})
    assert not of_member.replaces(quota())
    assert set(applying([of_member, quota()], 7, "")) == {of_member, quota()}


def test_prime_times_of_other_hours_count_something_else():
    def of(prime: PrimeTime, **more) -> Quota:
        return quota(measure=Measure.PRIME_TIME, prime=prime, **more)

    others = (
        PrimeTime(bits_of([0]), 17 * 60, 20 * 60, BERLIN),
        PrimeTime(bits_of([0, 4]), 16 * 60, 20 * 60, BERLIN),
        PrimeTime(bits_of([0, 4]), 17 * 60, 21 * 60, BERLIN),
    )
    assert of(EVENINGS, member_id=7).replaces(of(EVENINGS))
    assert [of(one, member_id=7).replaces(of(EVENINGS)) for one in others] == [False] * 3


def test_days_of_the_week_are_bits_from_monday_on():
    assert (bits_of([0, 4, 4]), bits_of(range(7))) == (0b0010001, ALL_WEEKDAYS)
    assert (days_of(0b0010001), days_of(ALL_WEEKDAYS), days_of(0)) == ((0, 4), (0, 1, 2, 3, 4, 5, 6), ())
    assert EVENINGS.days == (0, 4)
    assert EVENINGS.seconds_of(TimeSpan(at("2026-11-23 00:00"), at("2026-11-23 00:00") + timedelta(days=7))) == 6 * HOUR


def test_differences_are_where_more_is_counted_than_before():
    before = {MONDAY: 5, NEXT_MONDAY: 5}
    assert differences(before, {MONDAY: 5, NEXT_MONDAY: 6, DECEMBER: 1, NOVEMBER: 0}) == {NEXT_MONDAY: 6, DECEMBER: 1}
