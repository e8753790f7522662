"""URLs in mails: always below the configured BASE_URL, never taken from a request."""

from __future__ import annotations

from flask import current_app


def absolute(path: str) -> str:
    """Return the full URL of a path of this site ("/reservations/7")."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"not a path of this site: {path!r}")
    return f"{current_app.config['BASE_URL']}{path}"
