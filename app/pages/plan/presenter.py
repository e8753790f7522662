"""The plan as the page shows it: heads, rows of cells, marks behind them, and one day as a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask import url_for
from flask_babel import gettext as _

from app.local_time import to_wall
from app.pages import formats
from app.pages.plan import runs
from app.pages.plan.axis import Axis, day_axis
from app.pages.plan.cells import Cell, CellMaker, Eyes, Words
from app.pages.plan.runs import Cuts, Frame
from app.pages.plan.wishes import DAY, LIST, PlanWish
from booking.opening_hours import instant_of
from booking.queries import Board, BoardRow, BoardWorkshop

# Free time of a day is cut at noon when it is long; on a day's own board at every third hour.
LONG_IN_WEEK, LONG_IN_DAY = timedelta(hours=9), timedelta(hours=4)
NOON, THIRD_HOURS = (12 * 60,), tuple(range(180, 1440, 180))


@dataclass(frozen=True, slots=True)
class DayHead:
    """The head over one day: its columns, name, and what is special about it."""

    width: int
    words: str
    href: str
    holiday: str
    is_weekend: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class HourHead:
    """The head over some hours: its columns, and the hour ("" at night)."""

    width: int
    words: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One machine: its name and cells. step_min and shortest_min guide the choice of a span."""

    name: str
    slug: str
    places: int
    step_min: int
    shortest_min: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class GroupView:
    """The machines of a workshop."""

    name: str
    rows: tuple[RowView, ...]


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
class ListMachine:
    """One machine of the list: what happens on the day, in order. Cells without width."""

    name: str
    slug: str
    workshop: str
    lines: list[Cell]


@dataclass(frozen=True, slots=True)
class DayButton:
    """A day of the week to jump to."""

    words: str
    number: str
    href: str
    is_shown: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What the filters offer. workshops: (slug, name)."""

    workshops: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


def table_of(board: Board, axis: Axis, wish: PlanWish, eyes: Eyes, now: datetime) -> Table:
    """The board as a table over an axis."""
    maker = CellMaker(axis, eyes, Words(), *_addresses())
    cuts = _cuts(axis, is_day=wish.view == DAY)
    groups = tuple(
        GroupView(
            place.name,
            tuple(
                _row(row, place, maker, cuts, Frame(axis.span, place.zone, now, eyes.member_id)) for row in place.rows
            ),
        )
        for place in board.workshops
    )
    return Table(
        columns=axis.columns,
        days=tuple(_day_heads(board, axis, wish, now)),
        hours=tuple(_hour_heads(axis, 1 if wish.view == DAY else 6)),
        groups=groups,
        stripes=tuple(_stripes(axis)),
        now_at=axis.share(now),
        bounds_min=",".join(str(int(bound.timestamp()) // 60) for bound in axis.bounds),
        zone=axis.zone.key,
    )


def list_of(board: Board, day: date, eyes: Eyes, now: datetime) -> tuple[ListMachine, ...]:
    """One day as a list by machine, for narrow screens."""
    axis = day_axis(day, formats.as_zone(None))
    maker = CellMaker(axis, eyes, Words(), *_addresses())
    return tuple(
        ListMachine(row.machine.name, row.machine.slug, place.name, _lines(row, place, maker, axis, eyes, now))
        for place in board.workshops
        for row in place.rows
    )


def day_buttons(wish: PlanWish, today: date, *, is_listed: bool) -> tuple[DayButton, ...]:
    """The seven days of the week, to jump to; is_listed: the page itself can show a day as a list."""
    view = wish.view if is_listed else LIST
    days = [wish.monday + timedelta(days=number) for number in range(7)]
    return tuple(
        DayButton(
            formats.weekday_words(day), str(day.day), wish.address(day=day, view=view), day == wish.day, day == today
        )
        for day in days
    )


def sentence_of(wish: PlanWish) -> str:
    """Which time is shown."""
    if wish.view in (DAY, LIST):
        return formats.long_day_words(wish.day)
    sunday = wish.monday + timedelta(days=6)
    week = wish.monday.isocalendar().week
    return _(
        "Week %(week)s, %(first)s to %(last)s",
        week=week,
        first=formats.day_words(wish.monday),
        last=formats.day_words(sunday),
    )


def options_of(board: Board) -> Options:
    """What the filters offer: the workshops and kinds of the machines on the board."""
    kinds = {row.machine.kind for row in board.rows if row.machine.kind}
    return Options(tuple((place.slug, place.name) for place in board.workshops), tuple(sorted(kinds)))


def filtered(board: Board, wish: PlanWish, free_at: datetime | None) -> Board:
    """The board with only the machines that are wished for. free_at: with a place free then."""
    workshops = []
    for place in board.workshops:
        if wish.workshop and place.slug != wish.workshop:
            continue
        rows = tuple(row for row in place.rows if _is_wished(row, wish.kind, free_at))
        if rows:
            workshops.append(replace(place, rows=rows))
    return Board(board.span, tuple(workshops))


def _is_wished(row: BoardRow, kind: str, free_at: datetime | None) -> bool:
    if kind and row.machine.kind != kind:
        return False
    return free_at is None or _is_free_at(row, free_at)


def _is_free_at(row: BoardRow, instant: datetime) -> bool:
    if not any(opening.start <= instant < opening.end for opening in row.open_spans):
        return False
    held = sum(entry.places for entry in row.entries if entry.occupied_from <= instant < entry.occupied_until)
    return held < row.machine.places


def _addresses() -> tuple[str, str]:
    return url_for("reservations.new"), url_for("reservations.index") + "/"


def _row(row: BoardRow, place: BoardWorkshop, maker: CellMaker, cuts: Cuts, frame: Frame) -> RowView:
    machine = row.machine
    parts = runs.cut(runs.runs_of(row, frame), cuts, machine, place.zone)
    return RowView(
        name=machine.name,
        slug=machine.slug,
        places=machine.places,
        step_min=machine.step_min,
        shortest_min=machine.shortest_min,
        cells=maker.cells(parts, machine.slug, machine.places, place.id),
    )


def _lines(row: BoardRow, place: BoardWorkshop, maker: CellMaker, axis: Axis, eyes: Eyes, now: datetime) -> list[Cell]:
    machine = row.machine
    found = runs.runs_of(row, Frame(axis.span, place.zone, now, eyes.member_id))
    return maker.lines(found, machine.slug, machine.places, place.id)


def _cuts(axis: Axis, *, is_day: bool) -> Cuts:
    minutes = THIRD_HOURS if is_day else NOON
    midnights = [axis.bounds[day.first] for day in axis.days]
    others = [instant_of(day.date, minute, axis.zone) for day in axis.days for minute in minutes]
    return Cuts(midnights, others, LONG_IN_DAY if is_day else LONG_IN_WEEK)


def _day_heads(board: Board, axis: Axis, wish: PlanWish, now: datetime) -> Iterator[DayHead]:
    holidays: dict[date, dict[str, None]] = {}
    for place in board.workshops:
        for holiday in place.holidays:
            holidays.setdefault(holiday.day, {})[holiday.name] = None
    today = now.astimezone(axis.zone).date()
    for day in axis.days:
        yield DayHead(
            width=day.last - day.first,
            words=formats.day_words(day.date),
            href=wish.address(day=day.date, view=DAY),
            holiday=", ".join(holidays.get(day.date, ())),
            is_weekend=day.date.weekday() >= 5,
            is_today=day.date == today,
        )


def _hour_heads(axis: Axis, every: int) -> Iterator[HourHead]:
    """A head for every so many hours, each reaching until the next."""
    starts = []
    for column, bound in enumerate(axis.bounds[:-1]):
        wall = to_wall(bound, axis.zone)
        if wall.minute == 0 and wall.hour % every == 0:
            starts.append((column, str(wall.hour)))
    if not starts or starts[0][0] != 0:
        starts.insert(0, (0, ""))
    for (first, words), (last, _words) in pairwise([*starts, (axis.columns, "")]):
        yield HourHead(last - first, words)


def _stripes(axis: Axis) -> Iterator[Stripe]:
    for day in axis.days:
        left, right = 100 * day.first / axis.columns, 100 * day.last / axis.columns
        css = "weekend" if day.date.weekday() >= 5 else "weekday"
        yield Stripe(round(left, 3), round(right - left, 3), css)
