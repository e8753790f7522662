"""Day and time as other programs write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.imports.cells import CellError, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 12, 1)
EIGHT = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _speaks(app):
    """The refusals are sentences."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 08:00",
        "2026-12-01T08:00",
        "2026-12-01T08:00:00",
        "2026-12-01 08:00:00.000",
        "2026-12-01T08:00+01:00",
        "2026-12-01T07:00Z",
        "2026-12-01T02:00:00-0500",
        "01.12.2026 08:00",
        "1.12.2026 8:00",
        "1.12.2026, 8:00 Uhr",
        "01.12.2026 08.00",
        "8:00",
        "8.00 Uhr",
        "08:00:00",
    ],
)
def test_the_ways_in_which_programs_and_people_write(text):
    assert parse_instant(text, "start", DAY, BERLIN) == EIGHT


def test_a_day_before_the_time_counts_more_than_the_one_beside_it():
    assert parse_instant("2026-12-01 8:00", "start", date(2026, 1, 1), BERLIN) == EIGHT


def test_midnight_at_the_end_of_a_day_is_that_of_the_next():
    assert parse_instant("24:00", "end", DAY, BERLIN) == datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "8", "24:01", "8:60", "12/01/2026 8:00", "2026-13-01 8:00", "8:00+99:00", "٨:٠٠"])
def test_what_is_no_day_and_time_is_refused(text):
    with pytest.raises(CellError):
        parse_instant(text, "start", DAY, BERLIN)


@pytest.mark.parametrize("text", ["0001-01-01 00:00", "9999-12-31 24:00"])
def test_a_year_that_no_ring_sees_is_refused(text):
    with pytest.raises(CellError):
        parse_instant(text, "start", None, BERLIN)


def test_each_passage_of_the_doubled_hour_can_be_meant():
    first = parse_instant("2026-10-25 02:30+02:00", "start", None, BERLIN)
    second = parse_instant("2026-10-25 02:30+01:00", "start", None, BERLIN)

    assert (second - first).total_seconds() == 3_600
    with pytest.raises(CellError):
        parse_instant("2026-10-25 02:30", "start", None, BERLIN)
