"""Names in a sentence, cut where there are many."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import ngettext

NAMED = 3  # so many are named in a sentence


def first_names(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=shown)
