"""The year of a page or file: ?year=2026 in the address, so that the choice stays; years with open work come first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from flask import abort, make_response, render_template, request
from flask_babel import gettext as _

from billing.allocations.periods import Period, accounting_year
from billing.limits import FIRST_DAY, LAST_DAY
from billing.queries import YearWork

LISTED_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class YearChoice:
    """The years that can be chosen. chosen: None for all years. listed: shown at once; others: they open.

    has_all: whether all years together can be chosen.
    """

    chosen: int | None
    listed: tuple[YearWork, ...]
    others: tuple[YearWork, ...]
    has_all: bool

    @property
    def days(self) -> Period | None:
        """Return the first and last day of the chosen year; None for all years."""
        return None if self.chosen is None else year_days(self.chosen)

    @property
    def work(self) -> YearWork | None:
        """Return the open work of the chosen year."""
        return next((one for one in (*self.listed, *self.others) if one.year == self.chosen), None)


def year_choice(years: Iterable[YearWork], default: int | None, *, today: date) -> YearChoice:
    """Return the choice of the current request. default: None for all years, which can then be chosen too.

    Years with open work come first, the oldest first, because that is what is to be finished; then the others, the
    newest first. Ends the request with 422 where the address names no year.
    """
    offered = tuple(years)
    year = requested_year()
    chosen = default if year is None else year
    if chosen is not None and chosen not in {one.year for one in offered}:
        offered = (*offered, YearWork(chosen))
    return _in_order(offered, chosen, today, has_all=default is None)


def year_of_days(years: Iterable[YearWork], first: date | None, last: date | None, *, today: date) -> YearChoice:
    """Return the choice of a list whose address has its first and last day; chosen where they are those of a year."""
    chosen = first.year if first and last and (first, last) == year_days(first.year) else None
    return _in_order(tuple(years), chosen, today, has_all=False)


def years_between(days: Period | None, today: date) -> tuple[YearWork, ...]:
    """Return the years from one day to another and the present one, newest first."""
    bounds = {today.year, *(day.year for day in days or ())}
    return tuple(YearWork(year) for year in range(max(bounds), min(bounds) - 1, -1))


def _in_order(offered: tuple[YearWork, ...], chosen: int | None, today: date, *, has_all: bool) -> YearChoice:
    is_first = {one.year: bool(one.open_count) and one.year <= today.year for one in offered}
    first = sorted((one for one in offered if is_first[one.year]), key=lambda one: one.year)
    others = sorted((one for one in offered if not is_first[one.year]), key=lambda one: -one.year)
    ordered = (*first, *others)
    shown = max(LISTED_AT_ONCE, len(first))
    listed = [one for place, one in enumerate(ordered) if place < shown or one.year == chosen]
    rest = tuple(one for one in ordered if one not in listed)
    return YearChoice(chosen, tuple(listed), rest, has_all)


def requested_year() -> int | None:
    """Return the year of ?year=; None without one. Ends the request with 422 for what is no year."""
    text = request.args.get("year", "")
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) == 4
    if not is_number or not FIRST_DAY.year <= int(text) <= LAST_DAY.year:
        _refuse_year()
    return int(text)


def _refuse_year() -> NoReturn:
    sentence = _("The year is a number from %(first)s to %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year)
    abort(make_response(render_template("error.html", status=422, title=_("Which year?"), sentence=sentence), 422))


def requested_year_days() -> Period | None:
    """Return the first and last day of ?year=; None without one. Ends the request with 422 for what is no year."""
    year = requested_year()
    return None if year is None else year_days(year)


def year_days(year: int) -> Period:
    """Return the first and last day of an accounting year."""
    return accounting_year(date(year, 1, 1))
