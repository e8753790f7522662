"""Opening hours as people write them, "8:00-12:00, 13:00-18:00" -> minutes of the day, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from flask_babel import gettext as _

from app.wording.opening_hours import minute_text
from app.wording.statuses import weekday_names
from booking.times.opening_hours import MINUTES_OF_A_DAY, Opening

_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")


class HoursError(ValueError):
    """The text is no opening hours. Its message is in the language of the page."""


def parse_hours(text: str, weekday: int) -> list[Opening]:
    """Return the openings of one weekday; none for an empty text. Raises HoursError."""
    parts = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    return [_opening(part, weekday) for part in parts]


def hours_text(openings: Iterable[Opening], weekday: int) -> str:
    """Return the openings of one weekday as text."""
    return ", ".join(f"{minute_text(opens)}-{minute_text(closes)}" for day, opens, closes in openings if day == weekday)


def week_lines(openings: Iterable[Opening]) -> list[tuple[str, str]]:
    """Return the week with days of equal hours together, as (Monday to Friday, 8:00–18:00)."""
    openings, days = tuple(openings), weekday_names()
    hours = [_day_text(openings, weekday) for weekday in range(7)]
    lines = []
    for text, group in groupby(range(7), key=hours.__getitem__):
        same = list(group)
        lines.append((_span_of_days(days[same[0]], days[same[-1]]), text))
    return lines


def _span_of_days(first: str, last: str) -> str:
    return first if first == last else _("%(first)s to %(last)s", first=first, last=last)


def _day_text(openings: Iterable[Opening], weekday: int) -> str:
    spans = [(opens, closes) for day, opens, closes in openings if day == weekday]
    if not spans:
        return _("closed")
    if spans == [(0, MINUTES_OF_A_DAY)]:
        return _("round the clock")
    return ", ".join(f"{minute_text(opens)}–{minute_text(closes)}" for opens, closes in spans)


def _opening(part: str, weekday: int) -> Opening:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise HoursError(_("“%(text)s” is not understood. Write for example 8:00-12:00, 13:00-18:00.", text=part[:40]))
    opens_hour, opens_minute, closes_hour, closes_minute = (int(digits or 0) for digits in match.groups())
    opens, closes = opens_hour * 60 + opens_minute, closes_hour * 60 + closes_minute
    if max(opens_minute, closes_minute) > 59 or not 0 <= opens < closes <= MINUTES_OF_A_DAY:
        raise HoursError(_("“%(text)s” must start before it ends, between 0:00 and 24:00.", text=part[:40]))
    return weekday, opens, closes
