"""Another library reads every instant of a series as it is stored, over every change of the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars.series_cases import KINDS, ZONES, Case, all_cases, case, times_of


def instants_of(text: bytes) -> list[tuple[datetime, datetime]]:
    calendar = icalendar.Calendar.from_ical(text)
    assert not calendar.errors
    query = recurring_ical_events.of(calendar)
    found = query.between(datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC))
    living = [one for one in found if one["STATUS"] != "CANCELLED"]
    return sorted((one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in living)


def misread(cases: Iterable[Case]) -> list[str]:
    return [one.name for one in cases if instants_of(one.text) != one.instants]


def test_every_instant_around_every_change_of_five_zones():
    assert misread([*all_cases(), *all_cases(fetch=2)][::2]) == []


rules = st.one_of(
    st.tuples(st.just("FREQ=DAILY;INTERVAL={};COUNT={}"), st.integers(1, 9), st.integers(3, 60)),
    st.tuples(st.just("FREQ=WEEKLY;INTERVAL={};COUNT={}"), st.integers(1, 5), st.integers(3, 60)),
    st.tuples(st.just("FREQ=MONTHLY;INTERVAL={};COUNT={}"), st.integers(1, 3), st.integers(3, 14)),
)
walls = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001
    lambda wall: wall.replace(minute=wall.minute // 15 * 15, second=0, microsecond=0)
)


@settings(max_examples=40)
@given(
    rules,
    walls,
    st.sampled_from(ZONES),
    st.integers(1, 95).map(lambda quarters: timedelta(minutes=15 * quarters)),
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=9),
    st.booleans(),
)
def test_every_instant_of_any_series(rule, wall, zone, length, kinds, busy):
    text, interval, count = rule
    times = times_of(ZoneInfo(zone), wall, text.format(interval, count), length)

    assert misread([case(1, times, kinds, busy=busy)]) == []
