"""Paging of lists."""

from __future__ import annotations

from flask import request

LAST_PAGE = 100_000


def page_number() -> int:
    """Return the page number of the URL, from 1 to LAST_PAGE; anything else is page 1."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) <= 9 else 1
