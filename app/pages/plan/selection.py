"""The requested part of the plan: day, view and filters, from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import url_for

WEEK, DAY, LIST = "week", "day", "list"
VIEWS = (WEEK, DAY, LIST)
FIRST_YEAR, LAST_YEAR = 2000, 2100  # a day beyond is a typing error


@dataclass(frozen=True, slots=True)
class PlanSelection:
    """day: the day looked at, or one of the week. free_at: only machines free then (wall clock of that day)."""

    day: date
    view: str = WEEK
    workshop: str = ""
    kind: str = ""
    is_inducted: bool = False
    free_at: time | None = None
    misread: tuple[str, ...] = ()  # names of the fields that could not be read

    @property
    def monday(self) -> date:
        """The first day of its week."""
        return self.day - timedelta(days=self.day.weekday())

    @property
    def is_filtered(self) -> bool:
        """Whether some machines may be left out."""
        return bool(self.workshop or self.kind or self.is_inducted or self.free_at)

    def address(self, **changes: Any) -> str:
        """Return the same selection with changes as a permanent address."""
        selection = replace(self, **changes)
        return url_for(
            "plan.show",
            day=selection.day.isoformat(),
            view=selection.view,
            workshop=selection.workshop or None,
            kind=selection.kind or None,
            inducted="1" if selection.is_inducted else None,
            free_at=selection.free_at.strftime("%H:%M") if selection.free_at else None,
        )

    def shifted(self, days: int) -> str:
        """Return the address of a day some days later."""
        return self.address(day=clamped(self.day + timedelta(days=days)))


def read_selection(arguments: Mapping[str, str], today: date, *, usual_view: str = WEEK) -> PlanSelection:
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
        misread=tuple(misread),
    )


def clamped(day: date) -> date:
    """Return the day, or the nearest that the plan shows."""
    return min(max(day, date(FIRST_YEAR, 1, 8)), date(LAST_YEAR, 12, 24))
