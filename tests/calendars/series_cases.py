"""Series for the tests of calendar files: every kind of date, around the changes of the clock of many zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.queries import FeedEntry
from booking.queries.feed_series import FeedSeries, FeedSeriesMark
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes, stored_occurrences
from booking.times.wall_clock import changes_of_year
from calendars.entries import EntryRenderer
from calendars.rendering import head
from calendars.series import series_text
from calendars.vevents import Labels

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CHANGED = datetime(2026, 9, 1, 7, tzinfo=UTC)
MACHINES = ("Combine", "Splitter")
KINDS = ("by the rule",) * 4 + ("cancelled", "skipped", "moved", "requested", "other machine")
LABELS = Labels(
    mine="mine",
    busy="busy",
    closed="closed",
    free_again="free again",
    places="Places: {count}",
    states={"requested": "requested", "cancelled": "cancelled"},
)


class Case(NamedTuple):
    """A series as a calendar file, and what every program must read of it: living starts and ends, in order."""

    name: str
    text: bytes
    instants: list[tuple[datetime, datetime]]


def case(number: int, times: SeriesTimes, kinds: Sequence[str], *, busy: bool = False, changes: int = 0) -> Case:
    """Return a series whose dates are of some kinds, one after the other and again from the first."""
    found = stored_occurrences(times)
    dates: dict[date, FeedEntry] = {}
    for at, one in enumerate(found):
        kind = kinds[at % len(kinds)]
        if kind != "skipped":
            dates[one.day] = _row(number * 1_000 + at, number, times, one.span.start, one.span.end, kind)
    revisions = sum(row.revision for row in dates.values())
    mark = FeedSeriesMark(number, changes, 0, len(dates), revisions, 0, 0)
    series = FeedSeries(mark, f"series-{number}@ringbuch", times, CHANGED, dates)
    renderer = EntryRenderer("busy" if busy else "full", LABELS, "https://ring.example")
    text = head("Ring", [times.zone.key]).encode() + series_text(renderer, series, LONG_AGO) + b"END:VCALENDAR\r\n"
    living = sorted((row.starts_at, row.ends_at) for row in dates.values() if row.status != "cancelled")
    name = f"{times.zone.key} {times.wall} {times.rule.to_rrule()} {times.length}"
    return Case(name, text, living)


def all_cases(fetch: int = 1) -> Iterator[Case]:
    """Yield series around every change of the clock of two years: before it, at it, after it, and lasting over it.

    fetch: with each, other things have become of the dates.
    """
    number = 0
    for zone in map(ZoneInfo, ZONES):
        for change in (*changes_of_year(zone, 2026), *changes_of_year(zone, 2027)):
            day = change.wall.date()
            for minutes in (-90, -30, 0, 15, 30, 60, 120, -240):
                at = (change.wall + timedelta(minutes=minutes)).time()
                for rule, back in (("FREQ=DAILY;COUNT=9", 4), ("FREQ=WEEKLY;COUNT=5", 14), ("FREQ=DAILY;COUNT=6", 0)):
                    number += 1
                    wall = datetime.combine(day - timedelta(days=back), at)
                    length = timedelta(hours=8 if minutes == -240 else 1)
                    kinds = (*KINDS[fetch * 3 :], *KINDS[: fetch * 3]) if (number + fetch) % 2 == 0 else KINDS[:1]
                    yield case(number, times_of(zone, wall, rule, length), kinds, changes=fetch * 100)


def times_of(zone: ZoneInfo, wall: datetime, rule: str, length: timedelta, passage: int = 1) -> SeriesTimes:
    """Return the times of a series; in a doubled hour the second passage, unless told otherwise."""
    return SeriesTimes(parse(rule, wall, zone), zone, wall, length, passage)


def _row(id_: int, series_id: int, times: SeriesTimes, starts_at: datetime, ends_at: datetime, kind: str) -> FeedEntry:
    shift = timedelta(minutes=45 if kind == "moved" else 0)
    return FeedEntry(
        id=id_,
        revision=0 if kind == "by the rule" else 1,
        machine_revision=0,
        workshop_revision=0,
        timezone=times.zone.key,
        series_id=series_id,
        uid=f"{id_}@ringbuch",
        status=kind if kind in ("cancelled", "requested") else "confirmed",
        machine_id=1,
        machine_name=MACHINES[kind == "other machine"],
        location="",
        workshop_name="Hall",
        workshop_address="",
        starts_at=starts_at + shift,
        ends_at=ends_at + shift,
        places=1,
        purpose="",
        changed_at=CHANGED,
    )
