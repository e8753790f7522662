"""Addresses in letters: always under the configured BASE_URL, never out of a request."""

from __future__ import annotations

from flask import current_app


def absolute(path: str) -> str:
    """The full address of a path of this site ("/reservations/7")."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"not a path of this site: {path!r}")
    return f"{current_app.config['BASE_URL']}{path}"
