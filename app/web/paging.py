"""Paging of lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from flask import current_app, g, request, url_for

Row = TypeVar("Row")

LAST_PAGE = 100_000
TRIED_PAGE = "tried_page"


def page_number() -> int:
    """Return the page number of the URL, from 1 to LAST_PAGE; anything else is page 1."""
    if tried := g.get(TRIED_PAGE):
        return int(tried)
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) <= 9 else 1


def sums_all() -> bool:
    """Return whether the sums of a long list were asked for (?sums=1)."""
    return request.args.get("sums") == "1"


@dataclass(frozen=True, slots=True)
class PageBeyondEnd:
    """A page that a list has not. last, address: the last page that it has."""

    number: int
    last: int
    address: str


def page_beyond_end() -> PageBeyondEnd | None:
    """Return what to say in place of an empty list; None on its first page. Counts its pages."""
    number = page_number()
    if TRIED_PAGE in g:
        g.is_page_empty = True
    if TRIED_PAGE in g or number == 1 or request.endpoint is None or request.method not in ("GET", "HEAD"):
        return None
    last = _last_page(number)
    query = [(name, text) for name, text in request.args.items(multi=True) if name != "page"]
    address = url_for(request.endpoint, **(request.view_args or {}))
    return PageBeyondEnd(number, last, f"{address}?{urlencode([*query, ('page', last)])}")


def _last_page(empty: int) -> int:
    """Return the last page of a list that has something on it, or 1, by trying pages before an empty one.

    No list counts its rows, which would cost every page of it. The steps double first, so that the number of pages
    tried depends on the length of the list and not on the number in the URL.
    """
    filled = 1
    while filled * 2 < empty and _has_rows(filled * 2):
        filled *= 2
    empty = min(empty, filled * 2)
    while empty - filled > 1:
        middle = (filled + empty) // 2
        filled, empty = (middle, empty) if _has_rows(middle) else (filled, middle)
    return filled


def _has_rows(number: int) -> bool:
    """Return whether a page of the requested list shows something."""
    g.is_page_empty = False
    setattr(g, TRIED_PAGE, number)
    try:
        current_app.view_functions[str(request.endpoint)](**(request.view_args or {}))
    finally:
        g.pop(TRIED_PAGE)
    return not g.is_page_empty


PART, PART_LENGTH = "part", 50


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a long list that a form shows: its number, and the places of its rows."""

    number: int
    first: int
    last: int
    count: int

    @property
    def has_next(self) -> bool:
        """Return whether more rows follow."""
        return self.last < self.count

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of the part."""
        return rows[self.first : self.last]


def sent_part(count: int, wanted: int = 0) -> Part:
    """Return the part of a list for which a button of its form asks; else the one with the row at a place."""
    last = max(0, count - 1) // PART_LENGTH + 1
    text = request.form.get(PART, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else wanted // PART_LENGTH + 1
    number = min(max(number, 1), last)
    return Part(number, (number - 1) * PART_LENGTH, min(number * PART_LENGTH, count), count)
