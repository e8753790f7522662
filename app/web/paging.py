"""Paging of lists."""

from __future__ import annotations

from flask import request, url_for

LAST_PAGE = 100_000


def page_number() -> int:
    """Return the page number of the URL, from 1 to LAST_PAGE; anything else is page 1."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) <= 9 else 1


def sums_all() -> bool:
    """Return whether the sums of a long list were asked for (?sums=1)."""
    return request.args.get("sums") == "1"


def page_beyond_end() -> tuple[int, str] | None:
    """Return the number of the page of an empty list, and the address of its first page; None on the first page."""
    number = page_number()
    if number == 1 or request.endpoint is None:
        return None
    # Names that begin with an underscore would be options of url_for.
    kept = {name: text for name, text in request.args.items() if name != "page" and not name.startswith("_")}
    return number, url_for(request.endpoint, **kept | (request.view_args or {}))
