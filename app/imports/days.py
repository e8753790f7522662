"""Days as spreadsheets, programs and pages write them: 2026-11-21, 21.11.2026, 21 Nov 2026, 46347 (Excel)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale

from app.wording.folding import fold, foldings

# Day 0 of the serial numbers of Excel, which counts a 29 February 1900.
EXCEL_EPOCH = date(1899, 12, 30)
SERIALS = range(18_264, 109_939)  # 1950 to 2200, so that no year, house number or postcode is taken for one
DAY_FIRST, MONTH_FIRST = ORDERS = ("dmy", "mdy")
PIVOT_YEAR = 30  # two digits: 00 to 29 are of this century, as spreadsheets read them

_ISO = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})", re.ASCII)
_GERMAN = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|(?<=/)\d{2}(?!\d))", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})(?:\.? ?|-)([^\W\d_]{3,})\.?,?[ -](\d{4}|\d{2})", re.ASCII)
_COMPACT = re.compile(r"((?:19|20|21)\d{2})(\d{2})(\d{2})", re.ASCII)  # 20261121, which no serial number reaches
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})\.? (\d{1,2}),? (\d{4})", re.ASCII)
_SERIAL = re.compile(r"(\d{5,6})(?:[.,]0+)?", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]\d{2}:?\d{2})?$")
_WEEKDAY = re.compile(r"^([^\W\d_]+)\.?,? +(?=\d|[^\W\d_]+\.? \d)")


class AmbiguousDay(ValueError):
    """A day whose first two numbers may both be the month."""


def day_of(text: str) -> date:
    """Return the day that a text names. Raises ValueError; AmbiguousDay for 03/04/2026."""
    text = _without_weekday(_MIDNIGHT.sub("", text.replace("−", "-")).strip())
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return date(*map(int, match.groups()))
    if match := _GERMAN.fullmatch(text):
        day, month, year = match.groups()
        return date(_year(year), int(month), int(day))
    if match := _SLASHES.fullmatch(text):
        return _of_slashes(int(match[1]), int(match[3]), _year(match[4]))
    if match := _NAMED.fullmatch(_with_ascii_months(text)):
        return date(_year(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_FIRST.fullmatch(_with_ascii_months(text)):
        return date(int(match[3]), _month(match[1]), int(match[2]))
    if (match := _SERIAL.fullmatch(text)) and int(match[1]) in SERIALS:
        return EXCEL_EPOCH + timedelta(days=int(match[1]))
    raise ValueError(text)


def slash_order(texts: Iterable[str]) -> str:
    """Return the order where some days of a file with slashes or hyphens tell it for all of them; else ""."""
    orders = set()
    for text in texts:
        if match := _SLASHES.match(text):
            orders |= {DAY_FIRST} if int(match[1]) > 12 else {MONTH_FIRST} if int(match[3]) > 12 else set()
    return orders.pop() if len(orders) == 1 else ""


def with_plain_day(text: str, order: str) -> str:
    """Return a text that begins with a day such as 03/04/2026 with 2026-04-03 in its place."""
    match = _SLASHES.match(text) if order else None
    if match is None:
        return text
    day, month = (match[1], match[3]) if order == DAY_FIRST else (match[3], match[1])
    if int(month) > 12:  # this day tells its order by itself
        return text
    return f"{_year(match[4])}-{int(month):02d}-{int(day):02d}{text[match.end() :]}"


def ambiguous_day(text: str) -> str:
    """Return the day that a text begins with where both its numbers may be the month; "" for any other text."""
    match = _SLASHES.match(text)
    if match is None or match[1] == match[3] or max(int(match[1]), int(match[3])) > 12:
        return ""
    return match[0]


def day_in_order(text: str, order: str) -> date:
    """Return the day of a text such as 03/04/2026 in an order."""
    return day_of(with_plain_day(text, order))


def _without_weekday(text: str) -> str:
    match = _WEEKDAY.match(text)
    return text[match.end() :] if match and fold(match[1]) in _weekdays() else text


def _with_ascii_months(text: str) -> str:
    return text.replace("ä", "a").replace("Ä", "A")


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < PIVOT_YEAR else 1900)


def _of_slashes(first: int, second: int, year: int) -> date:
    if first <= 12 and second <= 12 and first != second:
        raise AmbiguousDay
    return date(year, first, second) if second > 12 else date(year, second, first)


def _month(name: str) -> int:
    month = _months().get(fold(name))
    if month is None:
        raise ValueError(name)
    return month


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    words: dict[str, int] = {"sept": 9, "jaenner": 1, "janner": 1, "mrz": 3}
    for language in ("de", "en"):
        for width in ("wide", "abbreviated"):
            for number, name in Locale(language).months["format"][width].items():
                words |= dict.fromkeys(foldings(name), number)
    return words


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    names = (
        name
        for language in ("de", "en")
        for width in ("wide", "abbreviated", "short")
        for name in Locale(language).days["format"][width].values()
    )
    return frozenset(key for name in names for key in foldings(name))
