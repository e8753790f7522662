"""Statuses of reservations and usage slips, languages and weekdays as text."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

STATUS_WORDS = {
    "requested": _l("requested"),
    "confirmed": _l("confirmed"),
    "in_use": _l("in use"),
    "completed": _l("completed"),
    "rejected": _l("declined"),
    "cancelled": _l("cancelled"),
    "expired": _l("expired"),
    "no_show": _l("no-show"),
}


SLIP_WORDS = {
    "out": _l("machine is out"),
    "back": _l("handed back"),
    "disputed": _l("objection waits for an answer"),
    "answered": _l("objection answered"),
}


LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}


def status_words(code: str) -> str:
    """The state of a reservation in a word or two."""
    return str(STATUS_WORDS[code])


def weekday_names() -> tuple[str, ...]:
    """Monday to Sunday."""
    return (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def slip_words(state: str) -> str:
    """The state of a usage slip in a word or two; see SlipView.state."""
    return str(SLIP_WORDS[state])
