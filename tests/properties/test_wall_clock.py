"""What the clock of a zone shows and when it is changed agree with each other, whatever the zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.local_time import FIRST, MissingHour, to_instant
from booking.times.wall_clock import (
    by_local_day,
    clock_changes,
    first_instant,
    instants_showing,
    length_of_day,
    local_day,
    to_wall,
)

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin")
ZONES += ("Asia/Kolkata", "UTC")
zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants, zones)
def test_what_the_clock_shows_leads_back_to_the_instant(instant, zone):
    shown = instants_showing(to_wall(instant, zone), zone)

    assert instant in shown
    assert list(shown) == sorted(shown)
    assert first_instant(to_wall(instant, zone), zone) == shown[0]


@given(instants, st.integers(1, 100_000), zones)
def test_the_days_of_a_span_add_up_to_it_whatever_the_clock_does(start, minutes, zone):
    end = start + timedelta(minutes=minutes)
    parts = list(by_local_day(start, end, zone))

    assert sum((part for _day, part in parts), timedelta()) == end - start
    assert [day for day, _part in parts] == [local_day(start, zone) + timedelta(days=at) for at in range(len(parts))]
    assert all(part == length_of_day(day, zone) for day, part in parts[1:-1])
    here = start
    for day, part in parts:
        assert local_day(here, zone) == day == local_day(here + part - timedelta(microseconds=1), zone)
        here += part


@given(instants, zones)
def test_between_two_changes_the_clock_runs_evenly(instant, zone):
    later = instant + timedelta(days=200)
    changes = list(clock_changes(zone, instant, later))

    by_clock = to_wall(later, zone) - to_wall(instant, zone)
    shifts = sum((change.after - change.before for change in changes if change.at > instant), timedelta())
    assert by_clock == later - instant + shifts
    for change in changes:
        moment = timedelta(seconds=1)
        assert to_wall(change.at, zone) - to_wall(change.at - moment, zone) - moment == change.after - change.before


@given(instants, zones)
def test_a_skipped_time_is_read_as_the_next_one(instant, zone):
    for change in clock_changes(zone, instant, instant + timedelta(days=400)):
        if not change.is_forward:
            continue
        skipped = change.wall + timedelta(minutes=10)
        assert instants_showing(skipped, zone) == ()
        with pytest.raises(MissingHour) as missing:
            to_instant(skipped, zone)
        assert first_instant(skipped, zone) == to_instant(missing.value.suggestion, zone, FIRST)
