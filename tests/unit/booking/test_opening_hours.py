"""When a workshop is open, in real time: breaks, midnight, holidays and the clock change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.times.opening_hours import ALWAYS, WeeklyHours, holiday_name
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def within(start: str, end: str) -> TimeSpan:
    return TimeSpan(at(start), at(end))


def opened(hours: WeeklyHours, start: str, end: str) -> list[tuple[str, str]]:
    """The open spans as the clock shows them."""
    shown = hours.open_spans(within(start, end))
    return [tuple(i.astimezone(BERLIN).strftime("%a %H:%M") for i in (span.start, span.end)) for span in shown]


WORKING = WeeklyHours(BERLIN, tuple((d, o, c) for d in range(5) for o, c in ((480, 720), (780, 1080))))


def test_a_break_at_noon_closes():
    assert opened(WORKING, "2026-11-23 00:00", "2026-11-24 00:00") == [
        ("Mon 08:00", "Mon 12:00"),
        ("Mon 13:00", "Mon 18:00"),
    ]
    assert not WORKING.covers(within("2026-11-23 11:00", "2026-11-23 14:00"))


def test_openings_that_meet_at_midnight_are_one():
    late = WeeklyHours(BERLIN, ((4, 20 * 60, 1440), (5, 0, 4 * 60)))

    assert opened(late, "2026-11-27 00:00", "2026-11-29 00:00") == [("Fri 20:00", "Sat 04:00")]
    assert late.covers(within("2026-11-27 23:00", "2026-11-28 02:00"))


def test_a_weekday_without_opening_is_closed():
    assert opened(WORKING, "2026-11-28 00:00", "2026-11-30 00:00") == []
    assert not WeeklyHours(BERLIN, ()).covers(within("2026-11-23 08:00", "2026-11-23 09:00"))


def test_who_is_open_round_the_clock_is_so_when_the_clock_changes_but_not_on_a_holiday():
    night, epiphany = within("2026-10-24 20:00", "2026-10-25 12:00"), within("2027-01-05 20:00", "2027-01-06 09:00")
    always = WeeklyHours(BERLIN, ALWAYS)
    assert (always.is_always_open, always.covers(night), always.covers(epiphany)) == (True, True, True)
    assert opened(always, "2026-10-24 20:00", "2026-10-25 12:00") == [("Sat 00:00", "Mon 00:00")]
    bavarian = WeeklyHours(BERLIN, ALWAYS, "DE-BY")
    assert (bavarian.is_always_open, bavarian.covers(night), bavarian.covers(epiphany)) == (False, True, False)
    assert not WeeklyHours(BERLIN, ALWAYS[:6]).is_always_open


def test_holidays_of_the_region_close_workshops_that_observe_them():
    bavaria = WeeklyHours(BERLIN, WORKING.openings, "DE-BY")

    assert not bavaria.covers(within("2027-01-06 09:00", "2027-01-06 10:00"))  # Epiphany, a Wednesday
    assert WORKING.covers(within("2027-01-06 09:00", "2027-01-06 10:00"))
    assert WeeklyHours(BERLIN, WORKING.openings, "DE-BE").covers(within("2027-01-06 09:00", "2027-01-06 10:00"))


@pytest.mark.parametrize(
    ("region", "day", "is_holiday"),
    [
        ("DE-BY", date(2026, 8, 15), True),  # Assumption, kept in Catholic places
        ("DE-BY", date(2026, 12, 25), True),
        ("DE-BY", date(2026, 12, 23), False),
        ("AT", date(2026, 10, 26), True),
        ("CH-BE", date(2026, 8, 1), True),
    ],
)
def test_holidays_have_names(region, day, is_holiday):
    assert bool(holiday_name(region, day)) == is_holiday


@pytest.mark.parametrize(
    ("region", "language", "name"),
    [
        ("DE-BY", "de", "Erster Weihnachtstag"),
        ("DE-BY", "en", "Christmas Day"),
        ("CH-BE", "de", "Weihnachten"),
        ("IT-BZ", "de", "Christmas Day"),  # the library has no German for Italy
    ],
)
def test_holidays_are_named_in_the_language_that_is_asked_for(region, language, name):
    assert holiday_name(region, date(2026, 12, 25), language) == name


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2027-03-28", 23), ("2026-11-22", 24)])
def test_a_day_open_round_the_clock_is_as_long_as_it_is(day, hours):
    always = WeeklyHours(BERLIN, ALWAYS)
    start = at(f"{day} 00:00")
    end = at(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00")

    assert always.covers(TimeSpan(start, end))
    assert (end - start) == timedelta(hours=hours)


def test_an_opening_across_the_clock_change_keeps_the_clock():
    nights = WeeklyHours(BERLIN, ((5, 22 * 60, 1440), (6, 0, 6 * 60)))

    (short,) = nights.open_spans(within("2027-03-27 12:00", "2027-03-28 12:00"))
    (long,) = nights.open_spans(within("2026-10-24 12:00", "2026-10-25 12:00"))

    assert (short.seconds, long.seconds) == (7 * 3_600, 9 * 3_600)


@pytest.mark.parametrize(("opens", "closes"), [(120, 180), (135, 180), (150, 170)])
def test_an_opening_in_the_missing_hour_of_spring_does_not_take_place(opens, closes):
    odd = WeeklyHours(BERLIN, ((6, opens, closes),))

    assert list(odd.open_spans(within("2027-03-27 12:00", "2027-03-28 01:00"))) == []
    assert opened(odd, "2027-04-04 00:00", "2027-04-04 12:00") != []
