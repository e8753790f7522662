"""Reservation -> VEVENT. Pure: the same entry and words always give the same text, today and in ten years.

UID stays, SEQUENCE is the revision, DTSTAMP is the last change (never the present), so that a calendar
program sees exactly what changed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.wall_clock import clock_changes, instants_showing
from calendars.lines import CRLF, fold, text_line

# status of a reservation -> STATUS, TRANSP and the colour Outlook gives it
_TENTATIVE = ("TENTATIVE", "OPAQUE", "TENTATIVE")
_CONFIRMED = ("CONFIRMED", "OPAQUE", "BUSY")
_GONE = ("CANCELLED", "TRANSPARENT", "FREE")
_SHORTEST = timedelta(seconds=1)
_STANDING: Mapping[str, tuple[str, str, str]] = {
    "requested": _TENTATIVE,
    "confirmed": _CONFIRMED,
    "in_use": _CONFIRMED,
    "completed": _CONFIRMED,
    "rejected": _GONE,
    "cancelled": _GONE,
    "expired": _GONE,
    "no_show": _GONE,
}


class Entry(NamedTuple):
    """What a calendar may know of a reservation or closure. Instants are aware; zone is the workshop's.

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


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language.

    states: status -> word put behind the machine's name; statuses that need none are left out.
    places: with `{count}` in it. mine: what the calendar of one's own reservations is called. free_again: in place
    of busy or closed, once that came to nothing; not every program looks at STATUS.
    """

    mine: str
    busy: str
    closed: str
    free_again: str
    places: str
    states: Mapping[str, str]


def vevent(entry: Entry, words: Words) -> str:
    """An entry with all that its own member may read."""
    state = words.states.get(entry.status, "")
    lines = [_head(entry), _summary_line(entry.machine, state), "CLASS:PRIVATE" + CRLF]
    if entry.location:
        lines.append(_location_line(entry.location))
    if description := _description(entry, words):
        lines.append(text_line("DESCRIPTION", description))
    if entry.url:
        lines.append(fold(f"URL:{entry.url}"))
    lines.append("END:VEVENT" + CRLF)
    return "".join(lines)


def busy_vevent(entry: Entry, words: Words) -> str:
    """An entry of which only the time is told: no machine, no purpose, no name, no address."""
    word = words.closed if entry.is_closure else words.busy
    if _STANDING[entry.status] is _GONE:
        word = words.free_again
    return f"{_head(entry)}{text_line('SUMMARY', word)}CLASS:PUBLIC{CRLF}END:VEVENT{CRLF}"


def _head(entry: Entry) -> str:
    """All but the words: identity, times and standing."""
    changed = _utc(entry.changed_at)
    start, end = _times(entry)
    status, transparency, colour = _STANDING[entry.status]
    return (
        f"BEGIN:VEVENT\r\n{fold('UID:' + entry.uid)}DTSTAMP:{changed}\r\nLAST-MODIFIED:{changed}\r\n"
        f"SEQUENCE:{entry.revision}\r\nDTSTART{start}\r\nDTEND{end}\r\nSTATUS:{status}\r\n"
        f"TRANSP:{transparency}\r\nX-MICROSOFT-CDO-BUSYSTATUS:{colour}\r\n"
    )


def _times(entry: Entry) -> tuple[str, str]:
    """Start and end with the name of their zone; both in UTC when the clock shows one of them twice.

    RFC 5545 reads a time that comes twice as the first of the two, ical.js (in Thunderbird) as the second.
    An end must lie after its start, in whole seconds too: what was handed back at once lasts one.
    """
    zone, ends_at = _zone(entry.zone), max(entry.ends_at, entry.starts_at + _SHORTEST)
    start, end = entry.starts_at.astimezone(zone), ends_at.astimezone(zone)
    if _comes_twice(start) or _comes_twice(end):
        return f":{_utc(start)}", f":{_utc(end)}"
    return f";TZID={entry.zone}:{_compact(start)}", f";TZID={entry.zone}:{_compact(end)}"


def _comes_twice(wall: datetime) -> bool:
    zone = wall.tzinfo
    if not isinstance(zone, ZoneInfo) or not _is_near_a_change(zone, wall.date()):
        return False
    return len(instants_showing(wall.replace(tzinfo=None), zone)) == 2


@lru_cache(maxsize=4096)
def _is_near_a_change(zone: ZoneInfo, day: date) -> bool:
    # Looked up once for each day: reading one time both ways takes as long as writing half an entry.
    noon = datetime.combine(day, time(12), zone)
    return any(clock_changes(zone, noon - timedelta(days=1), noon + timedelta(days=1)))


def _description(entry: Entry, words: Words) -> str:
    if entry.places == 1:
        return entry.purpose
    places = words.places.format(count=entry.places)
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


def _compact(wall: datetime) -> str:
    # Three times as fast as strftime(); a feed of a thousand entries does it three thousand times.
    day = (wall.year * 100 + wall.month) * 100 + wall.day
    return f"{day:08}T{(wall.hour * 100 + wall.minute) * 100 + wall.second:06}"
