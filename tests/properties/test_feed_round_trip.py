"""Whatever people write and whenever they reserve: another library reads the same out of our calendar files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from calendars.lines import escape, text_line
from calendars.vevents import Entry, Labels, busy_vevent, vevent
from calendars.vtimezones import vtimezone
from tests.calendars.golden_cases import PLAIN

LABELS = Labels(
    mine="mine",
    busy="busy",
    closed="closed",
    free_again="free again",
    places="Places: {count}",
    states={"requested": "requested", "cancelled": "cancelled"},
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca")
STATUSES = {
    "requested": "TENTATIVE",
    "confirmed": "CONFIRMED",
    "in_use": "CONFIRMED",
    "completed": "CONFIRMED",
    "rejected": "CANCELLED",
    "cancelled": "CANCELLED",
    "expired": "CANCELLED",
    "no_show": "CANCELLED",
}
instants = st.datetimes(datetime(2021, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda instant: instant.replace(microsecond=0)
)
entries = st.builds(
    Entry,
    uid=st.uuids().map(lambda uid: f"{uid}@ringbuch"),
    revision=st.integers(0, 10_000),
    status=st.sampled_from(sorted(STATUSES)),
    starts_at=instants,
    ends_at=st.none(),
    changed_at=instants,
    zone=st.sampled_from(ZONES),
    machine=st.text(max_size=80),
    location=st.text(max_size=200),
    places=st.integers(1, 24),
    purpose=st.text(max_size=2_000),
    url=st.just("https://ring.example/reservations/1"),
    is_closure=st.just(False),
    recurrence=st.just(""),
)
spans = st.tuples(entries, st.integers(1, 14 * 24 * 60)).map(
    lambda both: both[0]._replace(ends_at=both[0].starts_at + timedelta(minutes=both[1]))
)


def read(entry: Entry, text: str) -> icalendar.Event:
    """What icalendar reads of an entry; its zones come out of our own VTIMEZONE."""
    file = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n{vtimezone(entry.zone)}{text}END:VCALENDAR\r\n"
    calendar = icalendar.Calendar.from_ical(file.encode())
    assert not calendar.errors
    (event,) = calendar.walk("VEVENT")
    assert not event.errors
    return event


@given(spans)
def test_another_library_reads_the_same_times(entry):
    event = read(entry, vevent(entry, LABELS))

    assert event["UID"] == entry.uid
    assert event["SEQUENCE"] == entry.revision
    assert event["STATUS"] == STATUSES[entry.status]
    assert event.start.astimezone(UTC) == entry.starts_at
    assert event.end.astimezone(UTC) == entry.ends_at
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == entry.changed_at


nights = st.integers(0, 12 * 60).map(
    lambda minutes: datetime(2026, 10, 24, 20, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(nights, st.integers(1, 24 * 60))
def test_no_time_that_the_clock_shows_twice_is_written_by_the_clock(start, minutes):
    """Readers differ in which of the two passages they take such a time for."""
    entry = PLAIN._replace(starts_at=start, ends_at=start + timedelta(minutes=minutes))

    by_the_clock = re.findall(r"TZID=Europe/Berlin:20261025T(\d\d)", vevent(entry, LABELS))

    assert "02" not in by_the_clock


@given(spans)
def test_a_busy_entry_has_no_personal_data(entry):
    assert busy_vevent(entry, LABELS) == busy_vevent(entry._replace(machine="", location="", purpose=""), LABELS)
    word = "free again" if STATUSES[entry.status] == "CANCELLED" else "busy"
    assert read(entry, busy_vevent(entry, LABELS))["SUMMARY"] == word


@given(st.text(max_size=3_000))
def test_a_folded_line_unfolds_and_has_parts_of_75_bytes_at_most(words):
    line = text_line("DESCRIPTION", words)

    parts = line.removesuffix("\r\n").split("\r\n")
    assert all(len(part.encode()) <= 75 for part in parts)
    assert all(part.startswith(" ") for part in parts[1:])
    assert line.replace("\r\n ", "") == f"DESCRIPTION:{escape(words)}\r\n"


@given(st.text())
def test_no_control_character_survives(words):
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", escape(words))
