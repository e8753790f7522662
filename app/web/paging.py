"""Which page of a list is asked for."""

from __future__ import annotations

from flask import request

LAST_PAGE = 100_000


def page_number() -> int:
    """The page in the address, from 1; nonsense is page 1, and no number is so large that a database chokes on it."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) <= 9 else 1
