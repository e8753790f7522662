"""Instants as local time in addresses and form values."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=1_024)  # all machines of a board offer the same ones
def url_instant(instant: datetime) -> str:
    """Return an instant as a URL parameter: UTC, to the minute, so that both passages of a doubled hour differ."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
