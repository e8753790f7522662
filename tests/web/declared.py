"""Everything that the program declares, known before an application is made: tests are named after it."""

from __future__ import annotations

from app.api import load_endpoints
from app.auth.permissions import TABLE
from app.pages import load_desks


def declared_endpoints() -> list[tuple[str, str]]:
    """Return endpoint and method of every page, call and static file."""
    load_desks()
    load_endpoints()
    return sorted(TABLE)
