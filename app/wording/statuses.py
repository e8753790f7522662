"""Labels of statuses of reservations and usage slips, of languages and weekdays."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

STATUS_LABELS = {
    "requested": _l("requested"),
    "confirmed": _l("confirmed"),
    "in_use": _l("in use"),
    "completed": _l("completed"),
    "rejected": _l("declined"),
    "cancelled": _l("cancelled"),
    "expired": _l("expired"),
    "no_show": _l("no-show"),
}


SLIP_LABELS = {
    "out": _l("still in use"),
    "back": _l("handed back"),
    "disputed": _l("objection waits for an answer"),
    "answered": _l("objection answered"),
}


LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}


def status_label(code: str) -> str:
    """Return the label of a status of a reservation."""
    return str(STATUS_LABELS[code])


def weekday_names() -> tuple[str, ...]:
    """Return the names of the weekdays, Monday first."""
    return (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def slip_label(state: str) -> str:
    """Return the label of the state of a usage slip; see SlipView.state."""
    return str(SLIP_LABELS[state])
