"""The plan as the page shows it: heads, rows of cells, marks behind them, and one day as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask_babel import get_locale
from flask_babel import gettext as _

from app.pages.plan.axis import Axis, Day
from app.pages.plan.folds import Fold
from app.pages.plan.room import columns_px
from app.pages.plan.selection import DAY, DAYS, LIST, MONTH, WEEK, WEEK_LENGTH, PlanSelection
from app.pages.plan.stripes import SATURDAY, stripes_of
from app.pages.plan.window import ALL_DAY, HOUR
from app.wording import formats, periods
from booking.queries import Board, BoardMachine, BoardRow, BoardWorkshop
from booking.times.opening_hours import holiday_name
from booking.times.wall_clock import local_day, to_wall

ROOM_FOR_WEEKDAY_PX = 115


@dataclass(frozen=True, slots=True)
class DayHead:
    """The head over one day: its columns, number and name; note: the holiday, or that it is weekend."""

    width: int
    date: date
    name: str
    href: str
    css: str
    note: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class HourHead:
    """The head over some hours: its columns, and the hour ("" at night)."""

    width: int
    text: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A machine: its head, and its rendered cells. second: price or places; state: what it is doing now."""

    machine: BoardMachine
    second: str
    state: str
    cells: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """The machines of a workshop; hours: today's, and those of the week."""

    name: str
    hours: str
    folds: tuple[Fold[RowView], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The board as a table. bounds_min: the first edge and the columns in minutes, for the script.

    stripes: what lies behind the rows, as (class, path of an SVG that is as wide as there are columns and 1 high).
    """

    columns: int
    days: tuple[DayHead, ...]
    hours: tuple[HourHead, ...]
    groups: tuple[GroupView, ...]
    stripes: tuple[tuple[str, str], ...]
    now_at: float | None
    bounds_min: str
    zone: str
    night: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the filters offer. workshops: (slug, name)."""

    workshops: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


def table_of(shown: Board, axis: Axis, selection: PlanSelection, groups: Sequence[GroupView], now: datetime) -> Table:
    """Return the board as a table over an axis."""
    is_day = selection.view == DAY
    return Table(
        columns=axis.columns,
        days=tuple(_day_heads(shown, axis, selection, now)),
        hours=tuple(_hour_heads(axis)) if is_day else (),
        groups=tuple(groups),
        stripes=tuple(stripes_of(axis, now)),
        now_at=axis.share(now),
        bounds_min=axis.minutes,
        zone=axis.zone.key,
        night=_night(axis),
    )


def period_title(selection: PlanSelection) -> str:
    """Return which time is shown."""
    if selection.view in (DAY, LIST):
        return formats.format_long_day(selection.day)
    if selection.view == MONTH:
        return f"{periods.format_month(selection.day.month)} {selection.day.year}"
    return periods.format_days(selection.first_day, selection.first_day + timedelta(days=WEEK_LENGTH - 1))


def week_name(selection: PlanSelection) -> str:
    """Return the number of the calendar week that is shown; of seven days that of the first; "" for other views."""
    if selection.view not in (DAYS, WEEK):
        return ""
    day = selection.first_day
    return _("Week %(week)s", week=day.isocalendar().week)


def strip_start(selection: PlanSelection, today: date) -> date:
    """Return the first of the seven days above the list: today, or so many weeks after or before it."""
    return selection.day - timedelta(days=(selection.day - today).days % WEEK_LENGTH)


DayButton = tuple[date, str, int, bool, bool, str]


def day_buttons(selection: PlanSelection, today: date, load: Sequence[int]) -> list[DayButton]:
    """Return the days of the list's strip as macros/times.html draws them; load: how full each is, in per cent."""
    first = strip_start(selection, today)
    days = [first + timedelta(days=number) for number in range(WEEK_LENGTH)]
    return [
        (
            day,
            selection.address(day=day),
            percent,
            day == selection.day,
            day == today,
            _("%(day)s, %(percent)s%% taken", day=formats.format_day(day), percent=percent),
        )
        for day, percent in zip(days, load, strict=True)
    ]


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
    holidays = holiday_names(board)
    today = local_day(now, axis.zone)
    for day in axis.days:
        holiday = ", ".join(holidays.get(day.date, ()))
        marks = {
            "today": day.date == today,
            "over": day.date < today,
            "wkd": day.date.weekday() >= SATURDAY,
            "hol": bool(holiday),
        }
        yield DayHead(
            width=day.last - day.first,
            date=day.date,
            name=_day_name(day, axis),
            href=selection.address(day=day.date, view=DAY),
            css=" ".join(css for css, is_set in marks.items() if is_set),
            note=holiday or (_("Weekend") if marks["wkd"] and _has_room(day, axis) else ""),
            is_today=day.date == today,
        )


def _day_name(day: Day, axis: Axis) -> str:
    """Return the day of the week, short where its columns are few."""
    return formats.format_weekday(day.date) if _has_room(day, axis) else formats.format_short_weekday(day.date)


def _has_room(day: Day, axis: Axis) -> bool:
    return columns_px(day.last - day.first, axis.columns) >= ROOM_FOR_WEEKDAY_PX


def holiday_names(board: Board) -> dict[date, dict[str, None]]:
    """Return the names of the holidays of all workshops by day, in the language of the page; each once."""
    names: dict[date, dict[str, None]] = {}
    for place in board.workshops:
        for holiday in place.holidays:
            name = holiday_name(holiday.region, holiday.day, str(get_locale()))
            names.setdefault(holiday.day, {})[name or ""] = None
    return names


def _hour_heads(axis: Axis) -> Iterator[HourHead]:
    """Yield a head for each hour of the window, reaching until the next."""
    starts = []
    for column, bound in enumerate(axis.bounds[:-1]):
        wall = to_wall(bound, axis.zone)
        if wall.minute == 0 and axis.window.first <= wall.hour * HOUR < axis.window.last:
            starts.append((column, str(wall.hour)))
    if not starts or starts[0][0] != 0:
        starts.insert(0, (0, ""))
    for (first, text), (last, _text) in pairwise([*starts, (axis.columns, "")]):
        yield HourHead(last - first, text)


def _night(axis: Axis) -> str:
    """Return from when until when the night is folded; "" if it is not."""
    window = axis.window
    if window == ALL_DAY:
        return ""
    return _(
        "The night from %(last)s to %(first)s is drawn narrow.", last=window.last // HOUR, first=window.first // HOUR
    )
