"""What a machine does now, in a few words: free, taken, overdue, closed; and the places of a pool over a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.pages.ribbons import Reader, places_words
from app.wording import formats
from app.wording.ribbon import COLUMNS, FIRST_HOUR, QUARTER, Ribbon
from booking.queries import BoardEntry, BoardRow, StillOut
from booking.times.wall_clock import local_day, to_wall

NEARLY_NOW = timedelta(minutes=QUARTER)
MINUTES_SHOWN = COLUMNS * QUARTER


@dataclass(frozen=True, slots=True)
class MachineState:
    """The state of a machine. code: of app/pages/looks.py."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class PoolDay:
    """The places of a machine that are held on a day. steps: (left, width, top, height); all in per cent."""

    steps: tuple[tuple[float, float, float, float], ...]
    now: float | None
    sentence: str


def state_now(row: BoardRow, zone: ZoneInfo, late: StillOut | None, *, now: datetime, reader: Reader) -> MachineState:
    """Return the state of a machine, as the reader may know it. late: what of it should be back."""
    held = [one for one in row.entries if one.occupied_from <= now < one.occupied_until]
    if closure := _closing(row, held):
        return MachineState("closed", _("closed until %(time)s", time=_end(closure.ends_at, zone, now)))
    if row.machine.places > 1:
        all_held = sum(one.places for one in held) >= row.machine.places
        return MachineState("in_use" if all_held else "free", places_words(row, now))
    if late is not None:
        return MachineState("overdue", _("overdue since %(time)s", time=_end(late.due_at, zone, now)))
    if held:
        return MachineState("in_use", _use_words(held[0], zone, now, reader))
    if any(span.start <= now < span.end for span in row.open_spans):
        return MachineState("free", _("free"))
    return MachineState("shut", _("outside opening hours"))


def state_today(state: MachineState, ribbon: Ribbon, zone: ZoneInfo, now: datetime) -> MachineState:
    """Return a state in the words of the catalogue: when the machine is free today, or until when it stays so."""
    if state.code not in ("free", "in_use", "shut"):
        return state
    next_free = ribbon.free[0] if ribbon.free else None
    if state.code == "free":
        is_free_now = next_free is not None and next_free.start - now <= NEARLY_NOW
        return replace(state, words=_free_words(next_free.end, zone)) if next_free and is_free_now else state
    if next_free is None:
        return state if state.code == "shut" else MachineState("later", _("not free any more today"))
    time = formats.format_clock(next_free.start, zone)
    words = _("free again from %(time)s", time=time) if state.code == "in_use" else _("free from %(time)s", time=time)
    return MachineState("later", words)


def pool_day(row: BoardRow, day: date, zone: ZoneInfo, *, now: datetime) -> PoolDay:
    """Return how many places are held over a day, as steps."""
    changes: dict[float, int] = {}
    for one in row.entries:
        left, right = _percent(one.occupied_from, day, zone), _percent(one.occupied_until, day, zone)
        changes[left] = changes.get(left, 0) + one.places
        changes[right] = changes.get(right, 0) - one.places
    shown = _percent(now, day, zone)
    return PoolDay(
        tuple(_steps(changes, row.machine.places)),
        shown if 0 < shown < 100 else None,
        places_words(row, now),
    )


def _steps(changes: dict[float, int], places: int) -> Iterator[tuple[float, float, float, float]]:
    held, since = 0, 0.0
    for at in sorted(changes):
        if held > 0 and at > since:
            height = round(min(100 * held / places, 100), 2)
            yield round(since, 2), round(at - since, 2), round(100 - height, 2), height
        held, since = held + changes[at], at


def _percent(instant: datetime, day: date, zone: ZoneInfo) -> float:
    """Return where an instant is between 5 and 22 h, in per cent."""
    wall = to_wall(instant, zone)
    minutes = (wall - datetime.combine(day, time(FIRST_HOUR), wall.tzinfo)) / timedelta(minutes=1)
    return min(max(100 * minutes / MINUTES_SHOWN, 0.0), 100.0)


def _closing(row: BoardRow, held: list[BoardEntry]) -> BoardEntry | None:
    """Return the closure that leaves no place, if there is one."""
    closures = [one for one in held if one.is_closure]
    if sum(one.places for one in closures) < row.machine.places:
        return None
    return max(closures, key=lambda one: one.ends_at)


def _use_words(entry: BoardEntry, zone: ZoneInfo, now: datetime, reader: Reader) -> str:
    until = _end(entry.ends_at if entry.ends_at > now else entry.occupied_until, zone, now)
    if entry.member_id is not None and entry.member_id == reader.member_id:
        return _("yours until %(time)s", time=until)
    if reader.knows_names and entry.member_name:
        return _("with %(member)s until %(time)s", member=entry.member_name, time=until)
    return _("taken until %(time)s", time=until)


def _free_words(end: datetime, zone: ZoneInfo) -> str:
    wall = to_wall(end, zone)
    is_all_day = wall.hour * 60 + wall.minute >= FIRST_HOUR * 60 + MINUTES_SHOWN
    return _("free") if is_all_day else _("free until %(time)s", time=formats.format_clock(end, zone))


def _end(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the time alone where it is of today, else with its day."""
    if local_day(instant, zone) == local_day(now, zone):
        return formats.format_clock(instant, zone)
    return formats.format_end(instant, zone)
