"""The plan as the page shows it: heads, rows of cells, marks behind them, and one day as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask_babel import get_locale
from flask_babel import gettext as _

from app.pages.plan.axis import Axis
from app.pages.plan.selection import DAY, LIST, PlanSelection
from app.wording import formats
from booking.opening_hours import holiday_name
from booking.queries import Board, BoardRow, BoardWorkshop
from booking.wall_clock import local_day, to_wall


@dataclass(frozen=True, slots=True)
class DayHead:
    """The head over one day: its columns, name, and what is special about it."""

    width: int
    text: str
    href: str
    holiday: str
    is_weekend: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class HourHead:
    """The head over some hours: its columns, and the hour ("" at night)."""

    width: int
    text: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """The machines of a workshop; rows: rendered, each a <tr>."""

    name: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stripe:
    """A vertical stripe behind the rows, in per cent of the board's width."""

    left: float
    width: float
    css: str


@dataclass(frozen=True, slots=True)
class Table:
    """The board as a table. bounds_min: the edges of the columns in minutes since 1970, for the script."""

    columns: int
    days: tuple[DayHead, ...]
    hours: tuple[HourHead, ...]
    groups: tuple[GroupView, ...]
    stripes: tuple[Stripe, ...]
    now_at: float | None
    bounds_min: str
    zone: str


@dataclass(frozen=True, slots=True)
class DayButton:
    """A day of the week to jump to."""

    text: str
    number: str
    href: str
    is_shown: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What the filters offer. workshops: (slug, name)."""

    workshops: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


def table_of(shown: Board, axis: Axis, selection: PlanSelection, rows: Mapping[int, str], now: datetime) -> Table:
    """Return the board as a table over an axis; rows: rendered, by machine id."""
    groups = tuple(
        GroupView(place.name, tuple(rows[row.machine.id] for row in place.rows)) for place in shown.workshops
    )
    return Table(
        columns=axis.columns,
        days=tuple(_day_heads(shown, axis, selection, now)),
        hours=tuple(_hour_heads(axis, 1 if selection.view == DAY else 6)),
        groups=groups,
        stripes=(*_stripes(axis), *_past(axis, now)),
        now_at=axis.share(now),
        bounds_min=axis.minutes,
        zone=axis.zone.key,
    )


def day_buttons(selection: PlanSelection, today: date, *, is_listed: bool) -> tuple[DayButton, ...]:
    """Return the seven days of the week, to jump to; is_listed: the page itself can show a day as a list."""
    view = selection.view if is_listed else LIST
    days = [selection.monday + timedelta(days=number) for number in range(7)]
    return tuple(
        DayButton(
            formats.format_short_weekday(day),
            str(day.day),
            selection.address(day=day, view=view),
            day == selection.day,
            day == today,
        )
        for day in days
    )


def period_title(selection: PlanSelection) -> str:
    """Return which time is shown."""
    if selection.view in (DAY, LIST):
        return formats.format_long_day(selection.day)
    sunday = selection.monday + timedelta(days=6)
    week = selection.monday.isocalendar().week
    return _(
        "Week %(week)s, %(first)s to %(last)s",
        week=week,
        first=formats.format_day(selection.monday),
        last=formats.format_day(sunday),
    )


def options_of(board: Board) -> Options:
    """Return what the filters offer: the workshops and kinds of the machines on the board."""
    kinds = {row.machine.kind for row in board.rows if row.machine.kind}
    return Options(tuple((place.slug, place.name) for place in board.workshops), tuple(sorted(kinds)))


def filtered(board: Board, selection: PlanSelection) -> Board:
    """Return the board with only the selected workshop and kind."""

    def is_selected(place: BoardWorkshop, row: BoardRow) -> bool:
        return selection.workshop in ("", place.slug) and selection.kind in ("", row.machine.kind)

    return _only(board, is_selected)


def free_at(full: Board, shown: Board, instant: datetime) -> Board:
    """Of the shown machines those that are open and have a place free at an instant."""
    free = {row.machine.id for row in full.rows if _is_free_at(row, instant)}
    return _only(shown, lambda _place, row: row.machine.id in free)


def _only(board: Board, is_selected: Callable[[BoardWorkshop, BoardRow], bool]) -> Board:
    narrowed = (
        replace(place, rows=tuple(row for row in place.rows if is_selected(place, row))) for place in board.workshops
    )
    return Board(board.span, tuple(place for place in narrowed if place.rows))


def _is_free_at(row: BoardRow, instant: datetime) -> bool:
    if not any(opening.start <= instant < opening.end for opening in row.open_spans):
        return False
    held = sum(entry.places for entry in row.entries if entry.occupied_from <= instant < entry.occupied_until)
    return held < row.machine.places


def _day_heads(board: Board, axis: Axis, selection: PlanSelection, now: datetime) -> Iterator[DayHead]:
    holidays = _holiday_names(board)
    today = local_day(now, axis.zone)
    for day in axis.days:
        yield DayHead(
            width=day.last - day.first,
            text=formats.format_day(day.date),
            href=selection.address(day=day.date, view=DAY),
            holiday=", ".join(holidays.get(day.date, ())),
            is_weekend=day.date.weekday() >= 5,
            is_today=day.date == today,
        )


def _holiday_names(board: Board) -> dict[date, dict[str, None]]:
    """Return the names of the holidays of all workshops by day, in the language of the page; each once."""
    names: dict[date, dict[str, None]] = {}
    for place in board.workshops:
        for holiday in place.holidays:
            name = holiday_name(holiday.region, holiday.day, str(get_locale()))
            names.setdefault(holiday.day, {})[name or ""] = None
    return names


def _hour_heads(axis: Axis, every: int) -> Iterator[HourHead]:
    """Yield a head for each n-th hour, reaching until the next."""
    starts = []
    for column, bound in enumerate(axis.bounds[:-1]):
        wall = to_wall(bound, axis.zone)
        if wall.minute == 0 and wall.hour % every == 0:
            starts.append((column, str(wall.hour)))
    if not starts or starts[0][0] != 0:
        starts.insert(0, (0, ""))
    for (first, text), (last, _text) in pairwise([*starts, (axis.columns, "")]):
        yield HourHead(last - first, text)


def _stripes(axis: Axis) -> Iterator[Stripe]:
    for day in axis.days:
        left, right = 100 * day.first / axis.columns, 100 * day.last / axis.columns
        css = "weekend" if day.date.weekday() >= 5 else "weekday"
        yield Stripe(round(left, 3), round(right - left, 3), css)


def _past(axis: Axis, now: datetime) -> Iterator[Stripe]:
    """Yield one stripe over the past, behind the other stripes."""
    if axis.bounds[0] < now:
        share = axis.share(now)
        yield Stripe(0, 100 if share is None else share, "past")
