"""The golden files line by line against RFC 5545 and RFC 7986, read by nobody's library."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.calendars.golden_cases import CASES, Case

ON_CALENDAR = {"VERSION", "PRODID", "CALSCALE", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "NAME", "X-WR-CALNAME"}
ON_VEVENT = {"UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "STATUS", "TRANSP", "SUMMARY", "CLASS"}
OPTIONAL_ON_VEVENT = {"LOCATION", "DESCRIPTION", "URL", "X-MICROSOFT-CDO-BUSYSTATUS"}
ON_OBSERVANCE = {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"}
TEXTS = {"NAME", "X-WR-CALNAME", "SUMMARY", "LOCATION", "DESCRIPTION", "TZNAME", "UID", "PRODID"}

TEXT = r"(?:[^\x00-\x1f\x7f\\;,]|\\[\\;,n])*"
UTC_TIME, WALL_TIME = r"\d{8}T\d{6}Z", r"\d{8}T\d{6}"
VALUES = {
    "VERSION": "2\\.0",
    "CALSCALE": "GREGORIAN",
    "REFRESH-INTERVAL;VALUE=DURATION": r"PT\d+M",
    "DTSTAMP": UTC_TIME,
    "LAST-MODIFIED": UTC_TIME,
    "SEQUENCE": r"\d+",
    "STATUS": "TENTATIVE|CONFIRMED|CANCELLED",
    "TRANSP": "OPAQUE|TRANSPARENT",
    "CLASS": "PUBLIC|PRIVATE",
    "TZOFFSETFROM": r"[+-]\d{4}",
    "TZOFFSETTO": r"[+-]\d{4}",
    "RRULE": r"FREQ=YEARLY;BYMONTH=\d+;BYDAY=-?\d(?:MO|TU|WE|TH|FR|SA|SU)",
    "URL": r"https?://\S+",
}

every_file = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def lines_of(case: Case) -> list[str]:
    """The content lines, unfolded. Each part is decoded by itself: no letter may be torn."""
    parts = case.path.read_bytes().removesuffix(b"\r\n").split(b"\r\n")
    return "\n".join(part.decode() for part in parts).replace("\n ", "").split("\n")


def components_of(lines: list[str]) -> list[tuple[str, list[str]]]:
    """(name, its own lines) of every component, in the order in which they end."""
    found, open_ones = [], []
    for line in lines:
        if line.startswith("BEGIN:"):
            open_ones.append((line[6:], []))
        elif line.startswith("END:"):
            assert open_ones[-1][0] == line[4:]
            found.append(open_ones.pop())
        else:
            open_ones[-1][1].append(line)
    assert not open_ones
    return found


def names_in(lines: list[str]) -> Counter[str]:
    return Counter(re.split("[;:]", line)[0] for line in lines)


@every_file
def test_each_component_has_what_it_must_and_nothing_twice(case):
    for name, lines in components_of(lines_of(case)):
        names = names_in(lines)
        assert set(names.values()) <= {1}
        if name == "VCALENDAR":
            assert set(names) == ON_CALENDAR
        if name == "VEVENT":
            assert ON_VEVENT <= set(names) <= ON_VEVENT | OPTIONAL_ON_VEVENT
        if name in ("STANDARD", "DAYLIGHT"):
            assert ON_OBSERVANCE <= set(names) <= ON_OBSERVANCE | {"RRULE"}


@every_file
def test_each_value_is_of_its_kind(case):
    for line in lines_of(case):
        head, _, value = line.partition(":")
        if head in TEXTS:
            assert re.fullmatch(TEXT, value), line
        if head in VALUES:
            assert re.fullmatch(VALUES[head], value), line
        if head.startswith("DT"):
            kind = UTC_TIME if value.endswith("Z") else WALL_TIME
            assert re.fullmatch(kind, value), line


@every_file
def test_each_zone_that_is_named_is_explained_once(case):
    lines = lines_of(case)

    explained = [line.removeprefix("TZID:") for line in lines if line.startswith("TZID:")]
    named = {found[1] for line in lines if (found := re.match(r"DT(?:START|END);TZID=([^:;,]+):", line))}

    assert len(explained) == len(set(explained))
    assert named <= set(explained)


@every_file
def test_an_entry_ends_after_it_starts_in_the_same_form(case):
    for name, lines in components_of(lines_of(case)):
        if name == "VEVENT":
            start, end = (next(line for line in lines if line.startswith(each)) for each in ("DTSTART", "DTEND"))
            assert start[7:].partition(":")[0] == end[5:].partition(":")[0]
            assert start.endswith("Z") == end.endswith("Z")
            assert start.partition(":")[2] < end.partition(":")[2]
