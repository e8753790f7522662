"""The levels of inductions as text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from booking.persons import Level

LEVEL_NAMES = {
    Level.SUPERVISED: _l("under supervision"),
    Level.ALONE: _l("alone"),
    Level.TRAINER: _l("as a trainer of others"),
}


def level_label(level: str) -> str:
    """Return the name of a level."""
    return str(LEVEL_NAMES[Level(level)])
