"""One text of a table -> a value: days, figures, yes or no. Errors are sentences."""

from __future__ import annotations

import re
from datetime import date

from flask_babel import gettext as _

YES = {"1", "yes", "y", "true", "ja", "j", "x"}
NO = {"", "0", "no", "n", "false", "nein"}
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


class CellError(ValueError):
    """The text is not what its column holds; its message names the column by its head."""


def day(text: str, column: str) -> date | None:
    """A day as 2026-11-21 or 21.11.2026; None for an empty text."""
    if not text:
        return None
    german = _GERMAN_DAY.fullmatch(text)
    try:
        if german:
            return date(*(int(part) for part in reversed(german.groups())))
        return date.fromisoformat(text)
    except ValueError as error:
        raise CellError(
            _("%(column)s: “%(text)s” is no day. Write 2026-11-21 or 21.11.2026.", column=column, text=text[:40])
        ) from error


def whole(text: str, column: str, default: int) -> int:
    """A whole number; the default for an empty text."""
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise CellError(_("%(column)s: “%(text)s” is no whole number.", column=column, text=text[:40]))
    return int(text)


def flag(text: str, column: str) -> bool:
    """yes or no, in English or German; empty is no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise CellError(_("%(column)s: write yes or no instead of “%(text)s”.", column=column, text=text[:40]))
