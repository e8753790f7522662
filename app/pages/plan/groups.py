"""The groups of the board: each workshop with its hours, each machine with price, state and rendered cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.pages.plan.folds import folds_of
from app.pages.plan.presenter import GroupView, RowView
from app.wording import formats
from booking.queries import Board, BoardRow, BoardWorkshop
from booking.times.opening_hours import ALWAYS, Opening, holiday_name


def groups_of(
    shown: Board,
    openings: Mapping[int, Sequence[Opening]],
    day: date,
    prices: Mapping[int, str],
    rendered: Mapping[int, str],
    groups: Mapping[int, tuple[int, str]],
    *,
    is_today: bool = True,
) -> Iterator[GroupView]:
    """Yield the workshops that are shown with their hours on a day; prices and what was rendered by machine id.

    groups: machine id -> id and name of its group.
    """
    for place in shown.workshops:
        rows = {row.machine.id: _row(row, prices, rendered[row.machine.id]) for row in place.rows}
        hours = _hours(place, openings.get(place.id, ()), day, is_today=is_today)
        yield GroupView(place.name, hours, tuple(folds_of(rows, groups)))


def _row(row: BoardRow, prices: Mapping[int, str], text: str) -> RowView:
    state, _break, cells = text.partition("\n")
    return RowView(row.machine, _second(row, prices), state, cells)


def _second(row: BoardRow, prices: Mapping[int, str]) -> str:
    places = row.machine.places
    if places > 1:
        return ngettext("%(num)s place", "%(num)s places", places)
    return prices.get(row.machine.id, "")


def _hours(place: BoardWorkshop, openings: Sequence[Opening], day: date, *, is_today: bool) -> str:
    """Return a workshop's hours on a day; of one whose machines all follow none, that it is always open."""
    if set(openings) >= set(ALWAYS) or all(row.machine.rules.is_open_always for row in place.rows):
        return _("always open")
    holiday = next((one for one in place.holidays if one.day == day and one.is_closed), None)
    spans = [] if holiday is not None else _spans(openings, day.weekday())
    if spans:
        hours = ", ".join(spans)
        return _("open today %(hours)s", hours=hours) if is_today else _("open %(hours)s", hours=hours)
    name = holiday_name(holiday.region, day, str(get_locale())) if holiday is not None else None
    reason = name or formats.format_weekday(day)
    return _("closed today: %(day)s", day=reason) if is_today else _("closed: %(day)s", day=reason)


def _spans(openings: Iterable[Opening], weekday: int) -> list[str]:
    return [f"{_clock(opens)}–{_clock(closes)}" for day, opens, closes in openings if day == weekday]


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, 60)
    return f"{hour}:{rest:02d}" if rest else str(hour)
