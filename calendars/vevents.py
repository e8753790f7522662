"""Entries as VEVENTs. Pure: the same entry and labels always give the same text.

UID stays, SEQUENCE is the revision, DTSTAMP is the last change (never the current time), so that a calendar
program sees exactly what changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.times.wall_clock import clock_changes, instants_showing
from calendars.lines import CRLF, fold, text_line

# status of a reservation -> STATUS, TRANSP and the colour Outlook gives it
_TENTATIVE = ("TENTATIVE", "OPAQUE", "TENTATIVE")
_CONFIRMED = ("CONFIRMED", "OPAQUE", "BUSY")
_CANCELLED = ("CANCELLED", "TRANSPARENT", "FREE")
_SHORTEST = timedelta(seconds=1)
_STATUS_PROPERTIES: Mapping[str, tuple[str, str, str]] = {
    "requested": _TENTATIVE,
    "confirmed": _CONFIRMED,
    "in_use": _CONFIRMED,
    "completed": _CONFIRMED,
    "rejected": _CANCELLED,
    "cancelled": _CANCELLED,
    "expired": _CANCELLED,
    "no_show": _CANCELLED,
}


class Entry(NamedTuple):
    """A reservation or closure as far as a calendar may show it. Instants are aware; zone is the workshop's.

    recurrence: content lines that make it a series or one date of it.

    A tuple, because it is made in a third of the time of a frozen dataclass, and feeds make thousands.
    """

    uid: str
    revision: int
    status: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    zone: str
    machine: str = ""
    location: str = ""
    places: int = 1
    purpose: str = ""
    url: str = ""
    is_closure: bool = False
    recurrence: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one language.

    states: status -> label behind the machine's name; statuses that need none are left out.
    places: with `{count}` in it. mine: the name of the calendar of one's own reservations. free_again: in place
    of busy or closed once it was cancelled, because not every program shows STATUS. course, own_course: an induction
    course on which one has a seat, and one that one holds, with `{kind}` in them.
    """

    mine: str
    busy: str
    closed: str
    free_again: str
    places: str
    states: Mapping[str, str]
    course: str = "{kind}"
    own_course: str = "{kind}"


def vevent(entry: Entry, labels: Labels) -> str:
    """Return an entry with all that its own member may read."""
    url = fold(f"URL:{entry.url}") if entry.url else ""
    return f"{_head(entry)}{_texts(entry, labels)}{url}END:VEVENT{CRLF}"


def busy_vevent(entry: Entry, labels: Labels) -> str:
    """Return an entry that shows only the time: no machine, purpose, name or address."""
    return f"{_head(entry)}{_busy_texts(entry, labels)}END:VEVENT{CRLF}"


def came_to_nothing(status: str) -> bool:
    """Return whether a calendar shows a reservation of this status as cancelled."""
    return _STATUS_PROPERTIES[status] is _CANCELLED


def look_of(entry: Entry, labels: Labels, *, is_busy: bool) -> tuple[str, ...]:
    """Return all that an entry shows besides its times, its identity and its address."""
    texts = _busy_texts if is_busy else _texts
    return (*_STATUS_PROPERTIES[entry.status], texts(entry, labels))


def _texts(entry: Entry, labels: Labels) -> str:
    state, description = labels.states.get(entry.status, ""), _description(entry, labels)
    return _text_lines(entry.machine, state, entry.location, description)


@lru_cache(maxsize=1024)
def _text_lines(machine: str, state: str, location: str, description: str) -> str:
    """Return the lines of texts; who uses a machine often writes the same about it."""
    lines = [_summary_line(machine, state), "CLASS:PRIVATE" + CRLF]
    if location:
        lines.append(_location_line(location))
    if description:
        lines.append(text_line("DESCRIPTION", description))
    return "".join(lines)


def _busy_texts(entry: Entry, labels: Labels) -> str:
    text = labels.closed if entry.is_closure else labels.busy
    if came_to_nothing(entry.status):
        text = labels.free_again
    return f"{text_line('SUMMARY', text)}CLASS:PUBLIC{CRLF}"


def _head(entry: Entry) -> str:
    """Return the properties without text: identity, times and status."""
    changed = _utc(entry.changed_at)
    start, end = _times(entry)
    status, transparency, colour = _STATUS_PROPERTIES[entry.status]
    return (
        f"BEGIN:VEVENT\r\n{fold('UID:' + entry.uid)}DTSTAMP:{changed}\r\nLAST-MODIFIED:{changed}\r\n"
        f"SEQUENCE:{entry.revision}\r\nDTSTART{start}\r\nDTEND{end}\r\n{entry.recurrence}STATUS:{status}\r\n"
        f"TRANSP:{transparency}\r\nX-MICROSOFT-CDO-BUSYSTATUS:{colour}\r\n"
    )


def _times(entry: Entry) -> tuple[str, str]:
    """Return start and end with the name of their zone; both in UTC when the clock shows one of them twice.

    RFC 5545 reads a time that comes twice as the first of the two, ical.js (in Thunderbird) as the second.
    An end must lie after its start, in whole seconds too: what was handed back at once lasts one.
    """
    starts_at, ends_at = entry.starts_at, entry.ends_at
    if ends_at - starts_at < _SHORTEST:
        ends_at = starts_at + _SHORTEST
    start, end = _shown(starts_at, entry.zone), _shown(ends_at, entry.zone)
    if start is None or end is None:
        return f":{_utc(starts_at)}", f":{_utc(ends_at)}"
    return start, end


@lru_cache(maxsize=4096)
def _shown(instant: datetime, zone: str) -> str | None:
    """Return an instant by the clock of a zone, None where that shows it twice. Most begin and end with an hour."""
    place = _zone(zone)
    wall = instant.astimezone(place)
    return None if _comes_twice(wall, place) else by_the_clock(wall, zone)


def by_the_clock(wall: datetime, zone: str) -> str:
    """Return a time of the clock as the parameter and value of a property."""
    return f";TZID={zone}:{_compact(wall)}"


def _comes_twice(wall: datetime, zone: ZoneInfo) -> bool:
    return _is_near_a_change(zone, wall.date()) and len(instants_showing(wall.replace(tzinfo=None), zone)) == 2


@lru_cache(maxsize=4096)
def _is_near_a_change(zone: ZoneInfo, day: date) -> bool:
    # Looked up once for each day: reading one time both ways takes as long as writing half an entry.
    noon = datetime.combine(day, time(12), zone)
    return any(clock_changes(zone, noon - timedelta(days=1), noon + timedelta(days=1)))


def _description(entry: Entry, labels: Labels) -> str:
    if entry.places == 1:
        return entry.purpose
    places = labels.places.format(count=entry.places)
    return f"{entry.purpose}\n{places}" if entry.purpose else places


@lru_cache(maxsize=256)
def _summary_line(machine: str, state: str) -> str:
    return text_line("SUMMARY", f"{machine} ({state})" if state else machine)


@lru_cache(maxsize=256)
def _location_line(location: str) -> str:
    return text_line("LOCATION", location)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _utc(instant: datetime) -> str:
    return _compact(instant.astimezone(UTC)) + "Z"


# Fields are looked up instead of formatted: a feed of a thousand entries writes three thousand times.
_CLOCK = [f"T{minute // 60:02}{minute % 60:02}" for minute in range(24 * 60)]
_SECONDS = [f"{second:02}" for second in range(60)]


def _compact(wall: datetime) -> str:
    # Takes two fifths of the time of formatting numbers, which takes a third of that of strftime().
    return f"{_compact_day(wall.date())}{_CLOCK[wall.hour * 60 + wall.minute]}{_SECONDS[wall.second]}"


@lru_cache(maxsize=4096)
def _compact_day(day: date) -> str:
    return f"{(day.year * 100 + day.month) * 100 + day.day:08}"
