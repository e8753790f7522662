"""The requested part of the plan: day, view and filters, from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import url_for

DAYS, WEEK, DAY, LIST, MONTH = "days", "week", "day", "list", "month"
VIEWS = (DAYS, WEEK, DAY, LIST, MONTH)
FIRST_YEAR, LAST_YEAR = 2000, 2100  # a day beyond is a typing error
WEEK_LENGTH = 7


@dataclass(frozen=True)
class PlanSelection:
    """day: the first of the days shown, the day looked at, or one of the week.

    has_all_hours: the night is not folded. free_at: only machines free then (wall clock of that day).
    """

    day: date
    view: str = DAYS
    workshop: str = ""
    kind: str = ""
    is_inducted: bool = False
    free_at: time | None = None
    has_all_hours: bool = False
    misread: tuple[str, ...] = ()  # names of the fields that could not be read

    @property
    def first_day(self) -> date:
        """The first of the days that the view shows."""
        if self.view == MONTH:
            return self.day.replace(day=1)
        return self.monday if self.view == WEEK else self.day

    @property
    def monday(self) -> date:
        """The first day of its calendar week."""
        return self.day - timedelta(days=self.day.weekday())

    @property
    def is_filtered(self) -> bool:
        """Whether some machines may be left out."""
        return bool(self.workshop or self.kind or self.is_inducted or self.free_at)

    @cached_property
    def _path(self) -> str:
        # A page has two dozen of these addresses, and to build one by its endpoint takes fifty times as long.
        return url_for("plan.show")

    def address(self, **changes: Any) -> str:
        """Return the same selection with changes as a permanent address."""
        day, view = changes.pop("day", self.day), changes.pop("view", self.view)
        others = replace(self, **changes)._others if changes else self._others
        return f"{self._path}?day={day.isoformat()}&view={view}{others}"

    @cached_property
    def _others(self) -> str:
        query = {
            "workshop": self.workshop,
            "kind": self.kind,
            "inducted": "1" if self.is_inducted else "",
            "free_at": self.free_at.strftime("%H:%M") if self.free_at else "",
            "hours": "all" if self.has_all_hours else "",
        }
        written = urlencode({name: value for name, value in query.items() if value})
        return f"&{written}" if written else ""

    def shifted(self, days: int) -> str:
        """Return the address of a day some days later."""
        return self.address(day=clamped(self.day + timedelta(days=days)))

    @property
    def before(self) -> str:
        """The address of the time before: the days, week, day or month."""
        if self.view == MONTH:
            return self.shifted((self.first_day - timedelta(days=1) - self.day).days)
        return self.shifted(-self._step)

    @property
    def after(self) -> str:
        """The address of the time after."""
        if self.view == MONTH:
            return self.shifted((month_after(self.day) - self.day).days)
        return self.shifted(self._step)

    @property
    def _step(self) -> int:
        return WEEK_LENGTH if self.view in (DAYS, WEEK) else 1


def month_code(day: date) -> str:
    """Return the month of a day as addresses write it: 2026-12."""
    return f"{day.year}-{day.month:02d}"


def month_after(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def read_selection(arguments: Mapping[str, str], today: date, *, usual_view: str = DAYS) -> PlanSelection:
    """Return the selection of an address; what cannot be read is named in `misread` and replaced by the default."""
    misread = []
    day, free_at = today, None
    if text := arguments.get("day", "") or arguments.get("date", ""):
        try:
            day = clamped(date.fromisoformat(text))
        except ValueError:
            misread.append("day")
    if text := arguments.get("free_at", ""):
        try:
            free_at = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall clock time without a day
        except ValueError:
            misread.append("free_at")
    view = arguments.get("view", usual_view)
    return PlanSelection(
        day=day,
        view=view if view in VIEWS else usual_view,
        workshop=arguments.get("workshop", ""),
        kind=arguments.get("kind", ""),
        is_inducted=arguments.get("inducted") == "1",
        free_at=free_at,
        has_all_hours=arguments.get("hours") == "all",
        misread=tuple(misread),
    )


def clamped(day: date) -> date:
    """Return the day, or the nearest that the plan shows."""
    return min(max(day, date(FIRST_YEAR, 1, 8)), date(LAST_YEAR, 12, 24))
