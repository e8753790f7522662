"""The dates of a series keep their times of the clock through every clock change of five zones."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.errors.schedule_errors import SeriesRefused
from booking.times.recurrence import Frequency, RecurrenceRule
from booking.times.series_times import SeriesTimes, occurrences
from booking.times.wall_clock import ClockChange, changes_of_year, to_wall

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin")
CHANGES = [
    (ZoneInfo(name), change)
    for name in ZONES
    for year in range(2010, 2041)
    for change in changes_of_year(ZoneInfo(name), year)
]


@settings(max_examples=60)
@given(
    st.sampled_from(CHANGES),
    st.integers(-3, 0),
    st.integers(0, 95),
    st.integers(1, 44),
    st.sampled_from((0, 1)),
)
def test_every_date_begins_and_ends_by_the_clock_but_in_the_missing_and_the_doubled_hour(
    found, days_before, quarter, quarters, passage
):
    zone, change = found
    midnight = change.wall.replace(hour=0, minute=0, second=0) + timedelta(days=days_before)
    times = SeriesTimes(
        RecurrenceRule(Frequency.DAILY, count=6),
        zone,
        midnight + timedelta(minutes=15 * quarter),
        timedelta(minutes=15 * quarters),
        passage,
    )

    check(times, change)


def test_every_change_of_thirty_years_is_kept_at_its_edges_and_within():
    assert {zone.key for zone, _change in CHANGES} == set(ZONES)
    for zone, change in CHANGES:
        for minutes in (-45, 0, 15, 45):
            times = SeriesTimes(
                RecurrenceRule(Frequency.DAILY, count=3),
                zone,
                change.wall - timedelta(days=1) + timedelta(minutes=minutes),
                timedelta(hours=1),
                passage=minutes % 2,
            )
            check(times, change)


def check(times: SeriesTimes, change: ClockChange) -> None:
    """Assert that each date keeps the clock, and in the missing and the doubled hour its length."""
    zone = times.zone
    dates = occurrences(times)

    assert [date.day for date in dates] == [times.wall.date() + timedelta(days=day) for day in range(times.rule.count)]
    for one in dates:
        wall = datetime.combine(one.day, times.wall.time())
        shift = abs(change.after - change.before)
        if one.is_shifted:
            assert to_wall(one.span.start, zone) - wall == shift
        else:
            assert to_wall(one.span.start, zone) == wall
        if one.is_shifted or one.is_doubled:
            assert one.span.length == times.length
            assert abs(change.at - one.span.start) <= shift
        else:
            assert abs(one.span.length - times.length) <= shift
            assert to_wall(one.span.end, zone) - wall - times.length in (timedelta(0), shift)


def test_a_weekly_sunday_keeps_eight_o_clock_over_the_autumn_change():
    times = SeriesTimes(
        RecurrenceRule(Frequency.WEEKLY, weekdays=(6,), count=3),
        ZoneInfo("Europe/Berlin"),
        datetime(2026, 10, 18, 8),  # noqa: DTZ001
        timedelta(hours=2),
    )

    assert [f"{one.span.start:%d %H}" for one in occurrences(times)] == ["18 06", "25 07", "01 07"]


def test_the_doubled_hour_is_asked_once_and_dates_in_each_other_s_way_are_refused():
    berlin, start = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 24, 2, 30)  # noqa: DTZ001
    rule = RecurrenceRule(Frequency.DAILY, count=4)

    with pytest.raises(SeriesRefused) as asked:
        occurrences(SeriesTimes(rule, berlin, start, timedelta(hours=1)))
    assert [(one.rule, one.field) for one in asked.value.violations] == [("series_doubled_hour", "passage")]
    for passage, hour in ((0, 0), (1, 1)):
        dates = occurrences(SeriesTimes(rule, berlin, start, timedelta(hours=1), passage))
        assert dates[1].span.start.hour == hour
        assert {one.span.length for one in dates} == {timedelta(hours=1)}

    with pytest.raises(SeriesRefused) as refusal:
        occurrences(SeriesTimes(rule, berlin, start, timedelta(hours=25), 0))
    assert [one.rule for one in refusal.value.violations] == ["series_overlaps_itself"]
