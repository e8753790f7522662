"""Opening hours of a week in one cell: "Mon-Fri 8:00-12:00 / 13:00-17:00, Sat 8:00-12:00", in English and German."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from babel.dates import get_day_names
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.imports.cells import CellError
from app.wording.folding import by_word, fold, in_every_language
from booking.times.opening_hours import ALWAYS, MINUTES_OF_A_DAY, Opening

# A part of the text is a span of weekdays or of minutes: (DAY, 0, 4) is Monday to Friday, (MINUTE, 480, 720) 8 to 12.
DAY, MINUTE, TO = "day", "minute", "to"
_PARTS = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?|[^\W\d_]+|\S")
_TO = {"-", "–", "—", "bis", "to", "until"}
_BETWEEN = {",", ";", "/", ":", ".", "&", "+", "und", "and", "uhr", "h"}
_DAILY = {"daily", "täglich"}


def parse_week(text: str, column: str) -> tuple[Opening, ...]:
    """Return the openings of a week, in order; none for an empty text. Raises CellError.

    It reads what wording.opening_hours.hours_line() writes, in both languages.
    """
    if fold(text) in _always():
        return ALWAYS
    try:
        return tuple(sorted(set(_openings(_spans(list(_tokens(text)))))))
    except ValueError as error:
        raise CellError(
            _(
                "%(column)s: “%(text)s” is not understood. Write for example "
                "Mon-Fri 8:00-12:00 / 13:00-17:00, Sat 8:00-12:00.",
                column=column,
                text=text[:80],
            )
        ) from error


def _openings(spans: Iterable[tuple[str, int, int]]) -> Iterator[Opening]:
    """Yield the openings: hours count for all days named since the last hours. Raises ValueError."""
    days: list[int] = []
    is_open = True  # whether hours followed the days
    for kind, first, last in spans:
        if kind == DAY:
            days = ([] if is_open else days) + [weekday % 7 for weekday in range(first, last + 1 + 7 * (last < first))]
        elif not days or not first < last <= MINUTES_OF_A_DAY:
            raise ValueError(f"{first} to {last} on {days}")
        else:
            yield from ((weekday, first, last) for weekday in days)
        is_open = kind == MINUTE
    if not is_open:
        raise ValueError(f"no hours for {days}")


def _spans(tokens: list[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    """Yield spans of days and of minutes; a single day is a span. Raises ValueError."""
    at = 0
    while at < len(tokens):
        (kind, first), rest = tokens[at], tokens[at + 1 : at + 3]
        is_span = [each for each, _value in rest] == [TO, kind]
        if kind == TO or (kind == MINUTE and not is_span):
            raise ValueError(f"{kind} {first} alone")
        yield kind, first, rest[1][1] if is_span else first
        at += 3 if is_span else 1


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield the weekdays, minutes of a day and words for "to". Raises ValueError for anything else."""
    for match in _PARTS.finditer(text.casefold()):
        word, hour, minute = match[0], match[1], int(match[2] or 0)
        if hour and minute < 60:
            yield MINUTE, int(hour) * 60 + minute
        elif word in _TO:
            yield TO, 0
        elif word in _DAILY:
            yield from ((DAY, 0), (TO, 0), (DAY, 6))
        elif word not in _BETWEEN:
            yield DAY, _weekdays()[fold(word)] if fold(word) in _weekdays() else int(word)


@lru_cache(maxsize=1)
def _weekdays() -> Mapping[str, int]:
    """Return folded name -> weekday, Monday is 0: Mo, Mon, Monday, Mo., Montag."""
    names = (
        get_day_names(width, locale=language) for language in ("de", "en") for width in ("wide", "abbreviated", "short")
    )
    spellings = by_word((name, str(weekday)) for each in names for weekday, name in each.items())
    return {name: int(weekday) for name, weekday in spellings.items()} | {"tues": 1, "thur": 3, "thurs": 3}


@lru_cache(maxsize=1)
def _always() -> Mapping[str, str]:
    return in_every_language({"always": _l("round the clock")}) | dict.fromkeys(("247", "24h", "immer"), "always")
