"""What a screen in a workshop shows: each machine with its state now and what comes next, in large type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.pages.frame import initials
from app.pages.plan.labels import short_clock
from app.wording import formats
from booking.models import Status
from booking.queries import Board, BoardEntry, BoardRow, BoardWorkshop
from booking.times.wall_clock import local_day

NAMES, INITIALS = "names", "initials"  # of the setting; else none
NEXT_SHOWN = 3
WEEK = timedelta(days=7)
PER_PAGE = 9  # machines: more would be too small to read from afar


@dataclass(frozen=True, slots=True)
class WallRow:
    """A machine. css: free, use, late or shut. following: (when, who) of the next uses and closures."""

    name: str
    slug: str
    css: str
    state: str
    who: str
    following: tuple[tuple[str, str], ...]


def rows_of(board: Board, names: str, now: datetime) -> Iterator[tuple[str, WallRow]]:
    """Yield the machines of a board with the names of their workshops. names: how names are written."""
    for place in board.workshops:
        for row in place.rows:
            yield place.name, _row(row, place, names, now)


def _row(row: BoardRow, place: BoardWorkshop, names: str, now: datetime) -> WallRow:
    css, state, who = _present(row, place, names, now)
    coming = [one for one in row.entries if now < one.starts_at and one.status != Status.REQUESTED]
    following = tuple((_when(one, place, now), _who(one, names) or _("taken")) for one in coming[:NEXT_SHOWN])
    return WallRow(row.machine.name, row.machine.slug, css, state, who, following)


def _present(row: BoardRow, place: BoardWorkshop, names: str, now: datetime) -> tuple[str, str, str]:
    """Return the class, the state at this moment, and with whom it is."""
    late = next((one for one in row.entries if one.due_at is not None), None)
    if late is not None and late.due_at is not None:
        return "late", _("overdue since %(time)s", time=_moment(late.due_at, place, now)), _who(late, names)
    held = [one for one in row.entries if one.occupied_from <= now < one.occupied_until]
    closure = next((one for one in held if one.is_closure), None)
    if closure is not None:
        until = _moment(closure.occupied_until, place, now)
        return "shut", _("closed until %(time)s", time=until), closure.text
    if row.machine.places > 1:
        return _present_places(row, held)
    if held:
        until = _moment(held[0].ends_at if now < held[0].ends_at else held[0].occupied_until, place, now)
        return "use", _("taken until %(time)s", time=until), _who(held[0], names)
    return _present_free(row, place, now)


def _present_places(row: BoardRow, held: Sequence[BoardEntry]) -> tuple[str, str, str]:
    free = max(row.machine.places - sum(one.places for one in held), 0)
    text = _("%(free)s of %(places)s free", free=free, places=row.machine.places)
    return ("free" if free else "use"), text, ""


def _present_free(row: BoardRow, place: BoardWorkshop, now: datetime) -> tuple[str, str, str]:
    opening = next((span for span in row.open_spans if span.start <= now < span.end), None)
    if opening is None:
        following = next((span.start for span in row.open_spans if now < span.start), None)
        if following is None:
            return "shut", _("closed"), ""
        return "shut", _("closed, opens %(time)s", time=_moment(following, place, now)), ""
    until = min([opening.end, *(one.occupied_from for one in row.entries if now < one.occupied_from)])
    if local_day(until, place.zone) == local_day(now, place.zone):
        return "free", _("free until %(time)s", time=formats.format_clock(until, place.zone)), ""
    return "free", _("free today"), ""


def _who(entry: BoardEntry, names: str) -> str:
    """Return whose a use is, as the ring decides, "" for no names; the reason of a closure is no name."""
    if entry.is_closure:
        return entry.text or _("closure")
    if names == NAMES:
        return entry.member_name
    return initials(entry.member_name) if names == INITIALS else ""


def _when(entry: BoardEntry, place: BoardWorkshop, now: datetime) -> str:
    clock = short_clock(entry.starts_at, entry.ends_at, place.zone)
    day = local_day(entry.starts_at, place.zone)
    if day == local_day(now, place.zone) or local_day(entry.ends_at, place.zone) > day:
        return clock
    return f"{formats.format_short_weekday(day)} {clock}"


def _moment(instant: datetime, place: BoardWorkshop, now: datetime) -> str:
    """Return 14:00, of another day Tue 8:00, of one in a week or later with its date."""
    clock, day = formats.format_clock(instant, place.zone), local_day(instant, place.zone)
    if day == local_day(now, place.zone):
        return clock
    is_near = day - local_day(now, place.zone) < WEEK
    return f"{formats.format_short_weekday(day)} {clock}" if is_near else formats.format_instant(instant, place.zone)
