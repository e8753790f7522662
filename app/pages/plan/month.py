"""The month of all machines: for each day how many are free, for each machine on how many days it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.pages.plan import free_days
from app.pages.plan.axis import Axis
from app.pages.plan.folds import Fold, folds_of
from app.pages.plan.presenter import holiday_names
from app.pages.plan.row_cache import RowSource
from app.pages.plan.row_renderers import render_key
from app.pages.plan.selection import DAY, LIST, PlanSelection, month_code
from app.pages.plan.stripes import SATURDAY
from app.wording import formats, periods
from booking.queries import Board, BoardMachine
from booking.timespan import TimeSpan


class MonthRenderer:
    """A code for each day of a month (free_days.py), as text. It does not depend on the present moment."""

    def __init__(self, axis: Axis) -> None:
        self.days = [TimeSpan(axis.bounds[day.first], axis.bounds[day.last]) for day in axis.days]
        self.key = render_key("month", axis, axis.bounds[0])

    def render(self, source: RowSource) -> str:
        """Return the codes of the machine's days."""
        return free_days.day_codes(source.row, self.days)


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day: how many machines are free all day, and how full the others make it, in per cent.

    words: all of it as a sentence. free_text: the number alone; short: what stands in the calendar instead of it; both
    "" for a day that is over.
    """

    date: date
    href: str
    list_href: str
    css: str
    holiday: str
    short: str
    free_text: str
    words: str
    percent: int


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A machine: its own month, on how many days from today it is free, and each day as (class, title, words).

    title: where something is taken or closed from today on; "" elsewhere.
    """

    machine: BoardMachine
    href: str
    free: str
    days: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class MonthView:
    """weeks: from Monday to Sunday, None for days of other months. groups: workshops with their machines, folded."""

    days: tuple[MonthDay, ...]
    weeks: tuple[tuple[MonthDay | None, ...], ...]
    groups: tuple[tuple[str, tuple[Fold[MonthRow], ...]], ...]


def month_view(
    shown: Board,
    axis: Axis,
    selection: PlanSelection,
    codes: Mapping[int, str],
    groups: Mapping[int, tuple[int, str]],
    today: date,
) -> MonthView:
    """Return the month. codes: by machine id. groups: machine id -> id and name of its group."""
    dates = [day.date for day in axis.days]
    holidays = holiday_names(shown)
    columns = list(zip(*(codes[row.machine.id] for row in shown.rows), strict=True))
    days = tuple(
        _day(day, column, selection, ", ".join(holidays.get(day, ())), today)
        for day, column in zip(dates, columns, strict=True)
    )
    rows_of_places = (
        (place.name, {row.machine.id: _row(row.machine, codes[row.machine.id], dates, today) for row in place.rows})
        for place in shown.workshops
    )
    folded = tuple((name, tuple(folds_of(rows, groups))) for name, rows in rows_of_places)
    return MonthView(days, tuple(weeks_of(days)), folded)


def month_title(first: date) -> str:
    """Return December 2026."""
    return f"{periods.format_month(first.month)} {first.year}"


class Dated(Protocol):
    """A day of a calendar."""

    @property
    def date(self) -> date: ...


OfDay = TypeVar("OfDay", bound=Dated)


def weeks_of(days: Sequence[OfDay]) -> Iterator[tuple[OfDay | None, ...]]:
    """Yield the weeks of a month."""
    cells: list[OfDay | None] = [*[None] * days[0].date.weekday(), *days]
    cells += [None] * (-len(cells) % 7)
    for start in range(0, len(cells), 7):
        yield tuple(cells[start : start + 7])


def _day(day: date, column: Sequence[str], selection: PlanSelection, holiday: str, today: date) -> MonthDay:
    opened = len(column) - column.count(free_days.CLOSED)
    free = column.count(free_days.FREE)
    if day < today:
        short, words = "", _("over")
    elif not opened:
        short, words = _("closed"), _("closed")
    else:
        short = ""
        words = ngettext("%(num)s is free all day", "%(num)s are free all day", free)
    css = {"today": day == today, "over": day < today, "wkd": day.weekday() >= SATURDAY, "hol": bool(holiday)}
    return MonthDay(
        day,
        selection.address(day=day, view=DAY),
        selection.address(day=day, view=LIST),
        " ".join(name for name, is_set in css.items() if is_set),
        holiday,
        short,
        str(free) if opened and day >= today else "",
        ", ".join(filter(None, (formats.format_long_day(day), holiday, words))),
        round(100 * (opened - free) / opened) if opened and day >= today else 0,
    )


def _row(machine: BoardMachine, codes: str, dates: Sequence[date], today: date) -> MonthRow:
    words = code_words()
    days = tuple(
        (f"{code} o", "", words[code])
        if day < today
        else (code, "" if code == free_days.FREE else f"{day.day}: {words[code]}", words[code])
        for day, code in zip(dates, codes, strict=True)
    )
    free = sum(css == free_days.FREE for css, _title, _words in days)
    href = url_for("plan.machine_month", slug=machine.slug, month=month_code(dates[0]))
    return MonthRow(machine, href, ngettext("%(num)s free day", "%(num)s free days", free), days)


def code_words() -> dict[str, str]:
    """Return the words for the codes of days."""
    return {
        free_days.FREE: _("free all day"),
        free_days.PARTLY: _("partly taken"),
        free_days.FULL: _("taken all day"),
        free_days.CLOSED: _("closed"),
    }
