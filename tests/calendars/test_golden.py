"""The golden files: written to the octet as before, and read alike by two other libraries."""

from __future__ import annotations

from datetime import timedelta

import icalendar
import pytest
import recurring_ical_events

from tests.calendars.golden_cases import CASES, FOLDER, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_has_the_same_bytes_as_before(case: Case):
    assert case.written() == case.path.read_bytes()


def test_every_golden_file_has_its_case():
    assert {path.stem for path in FOLDER.glob("*.ics")} == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lines_end_and_fold_as_in_the_standard(case: Case):
    lines = case.path.read_bytes().split(b"\r\n")

    assert lines[-1] == b""
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in lines)


@pytest.mark.parametrize("case", [case for case in CASES if case.entry], ids=lambda case: case.name)
def test_other_programs_read_the_instants_that_were_meant(case: Case):
    calendar = icalendar.Calendar.from_ical(case.path.read_bytes())

    (found,) = recurring_ical_events.of(calendar).between((2026, 1, 1), (2028, 1, 1))

    start = case.entry.starts_at.replace(microsecond=0)
    assert found.start == start
    assert found.end == max(case.entry.ends_at.replace(microsecond=0), start + timedelta(seconds=1))
    assert found["UID"] == case.entry.uid
    assert found["SEQUENCE"] == case.entry.revision
    assert "UID" not in calendar  # a calendar with a UID is folded into one entry by some programs


@pytest.mark.parametrize("case", [case for case in CASES if case.is_busy], ids=lambda case: case.name)
def test_a_busy_entry_has_only_its_time(case: Case):
    calendar = icalendar.Calendar.from_ical(case.path.read_bytes())

    assert {str(event["SUMMARY"]) for event in calendar.walk("VEVENT")} <= {"busy", "closed", "free again"}
    for event in calendar.walk("VEVENT"):
        assert not {"DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "ATTENDEE"} & set(event)
