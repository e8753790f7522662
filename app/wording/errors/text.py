"""The row of an error: code, status and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import LazyString


@dataclass(frozen=True, slots=True)
class ErrorText:
    """Code, HTTP status, title and sentence of one error. api_status: where the API answers with another status."""

    code: str
    status: int
    title: LazyString
    sentence: LazyString
    api_status: int | None = None
    by_status: Mapping[str, LazyString] = field(default_factory=dict)


def by_code(rows: tuple[ErrorText, ...]) -> dict[str, ErrorText]:
    """Return the rows by their codes. Raises ValueError for a code that has two rows."""
    found: dict[str, ErrorText] = {}
    for row in rows:
        if found.setdefault(row.code, row) is not row:
            raise ValueError(f"error {row.code} has two rows")
    return found
