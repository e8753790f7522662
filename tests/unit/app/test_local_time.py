# ruff: noqa: DTZ001 - what a clock on the wall shows has no zone
"""The clock on the wall: missing in spring, doubled in autumn, otherwise plain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.local_time import FIRST, SECOND, DoubledHour, MissingHour, clock_length, is_doubled, to_instant
from booking.times.wall_clock import to_wall

BERLIN = ZoneInfo("Europe/Berlin")


def test_an_ordinary_time_is_one_instant():
    assert to_instant(datetime(2026, 11, 23, 8), BERLIN) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert to_instant(datetime(2027, 7, 1, 8), BERLIN, which=SECOND) == datetime(2027, 7, 1, 6, tzinfo=UTC)


def test_half_past_two_does_not_exist_when_the_clock_is_put_forward():
    with pytest.raises(MissingHour) as missing:
        to_instant(datetime(2027, 3, 28, 2, 30), BERLIN)

    assert missing.value.suggestion == datetime(2027, 3, 28, 3, 30)
    assert to_instant(missing.value.suggestion, BERLIN) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("wall", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "America/New_York"])
def test_no_time_at_an_end_of_the_calendar_comes_twice(wall, zone):
    assert not is_doubled(wall, ZoneInfo(zone))


def test_half_past_two_comes_twice_when_the_clock_is_put_back():
    wall = datetime(2026, 10, 25, 2, 30)

    with pytest.raises(DoubledHour) as doubled:
        to_instant(wall, BERLIN)

    assert is_doubled(wall, BERLIN)
    assert doubled.value.first == to_instant(wall, BERLIN, FIRST) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert doubled.value.second == to_instant(wall, BERLIN, SECOND) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "doubled", "missing"),
    [
        (datetime(2026, 10, 25, 1, 59), False, False),
        (datetime(2026, 10, 25, 2, 0), True, False),
        (datetime(2026, 10, 25, 2, 59), True, False),
        (datetime(2026, 10, 25, 3, 0), False, False),
        (datetime(2027, 3, 28, 1, 59), False, False),
        (datetime(2027, 3, 28, 2, 0), False, True),
        (datetime(2027, 3, 28, 3, 0), False, False),
    ],
)
def test_the_edges_of_the_changed_hour(wall, doubled, missing):
    assert is_doubled(wall, BERLIN) == doubled
    if missing:
        with pytest.raises(MissingHour):
            to_instant(wall, BERLIN)
    else:
        assert to_wall(to_instant(wall, BERLIN, FIRST), BERLIN) == wall


@pytest.mark.parametrize(
    ("start", "end", "clock_hours", "real_hours"),
    [
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC), 8, 9),
        (datetime(2027, 3, 27, 21, tzinfo=UTC), datetime(2027, 3, 28, 4, tzinfo=UTC), 8, 7),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 2, 1),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC), 2, 3),
    ],
)
def test_the_clock_and_the_hours_that_pass_may_differ(start, end, clock_hours, real_hours):
    assert clock_length(start, end, BERLIN) == timedelta(hours=clock_hours)
    assert end - start == timedelta(hours=real_hours)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(["Europe/Berlin", "Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(instants, zones)
def test_what_the_clock_shows_leads_back_to_the_instant(instant, name):
    zone = ZoneInfo(name)
    wall = to_wall(instant, zone)

    assert instant in {to_instant(wall, zone, which) for which in (FIRST, SECOND)}
