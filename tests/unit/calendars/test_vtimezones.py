"""VTIMEZONE: what other programs read out of it is what the clocks show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from icalendar import Timezone

from calendars.vtimezones import FIRST_YEAR, LAST_YEAR, covered_changes, vtimezone

YEARLY = ("Europe/Berlin", "Europe/Dublin", "Europe/Athens", "America/New_York", "Australia/Lord_Howe")
OTHERS = ("Asia/Kolkata", "UTC", "Africa/Casablanca", "America/Nuuk", "Africa/Cairo", "America/Mexico_City")


def test_berlin_changes_its_clock_by_two_rules():
    text = vtimezone("Europe/Berlin")

    assert text.count("RRULE") == 2
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" in text
    assert "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" in text
    assert "RDATE" not in text


@pytest.mark.parametrize("zone", YEARLY)
def test_zones_with_yearly_rules_get_two_observances(zone):
    text = vtimezone(zone)
    assert (text.count("BEGIN:DAYLIGHT"), text.count("BEGIN:STANDARD"), text.count("RRULE")) == (1, 1, 2)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC", "Asia/Tokyo"])
def test_zones_that_never_change_their_clock_get_one_observance(zone):
    text = vtimezone(zone)
    assert (text.count("BEGIN:STANDARD"), text.count("BEGIN:DAYLIGHT"), text.count("RRULE")) == (1, 0, 0)


def test_zones_without_a_rule_list_every_change():
    text = vtimezone("Africa/Casablanca")  # follows the moon
    assert text.count("TZOFFSETFROM") == len(covered_changes(ZoneInfo("Africa/Casablanca"))) + 1
    assert "RRULE" not in text
    assert "RDATE" not in text


@pytest.mark.parametrize("zone", YEARLY + OTHERS)
def test_icalendar_reads_the_offsets_that_the_clocks_show(zone):
    read = Timezone.from_ical(vtimezone(zone)).to_tz(lookup_tzid=False)
    for instant in moments(zone):
        assert read.utcoffset(wall(instant, zone)) == instant.astimezone(ZoneInfo(zone)).utcoffset(), instant


@pytest.mark.parametrize("zone", YEARLY + OTHERS)
def test_dateutil_reads_the_offsets_that_the_clocks_show(zone):
    read = tzical(StringIO(vtimezone(zone))).get(zone)
    for instant in moments(zone):
        assert wall(instant, zone).replace(tzinfo=read).utcoffset() == instant.astimezone(ZoneInfo(zone)).utcoffset()


def moments(zone: str) -> list[datetime]:
    """Noon of every fifth day from 2021 to 2035, and five hours around each change of the clock in 2026."""
    start = datetime(FIRST_YEAR + 1, 1, 1, 12, tzinfo=UTC)
    days = (datetime(LAST_YEAR - 2, 12, 31, tzinfo=UTC) - start).days
    around = [
        change.at + timedelta(hours=hours)
        for change in covered_changes(ZoneInfo(zone))
        if change.at.year == 2026
        for hours in (-5, 5)
    ]
    return [start + timedelta(days=day) for day in range(0, days, 5)] + around


def wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
