"""The levels of inductions as text."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from booking.queries.supervised_uses import Progress
from booking.rules.persons import Level

LEVEL_NAMES = {
    Level.SUPERVISED: _l("under supervision"),
    Level.ALONE: _l("alone"),
    Level.TRAINER: _l("as a trainer of others"),
}


def level_label(level: str) -> str:
    """Return the name of a level."""
    return str(LEVEL_NAMES[Level(level)])


def supervised_label(progress: Progress) -> str:
    """Return how far somebody is who runs machines under supervision."""
    if not progress.needed:
        return level_label(Level.SUPERVISED)
    return _("under supervision, %(done)s of %(needed)s uses", done=progress.done, needed=progress.needed)
