"""The texts of calendar files, in the language of each subscription."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from calendars.vevents import Labels


def labels_of(language: str) -> Labels:
    """Return the labels of a language; of the ring's first one when it is no longer offered."""
    offered = current_app.config["LOCALES"]
    return _labels(language if language in offered else offered[0])


@lru_cache(maxsize=8)
def _labels(language: str) -> Labels:
    with force_locale(language):
        return Labels(
            mine=_("My reservations"),
            busy=_("busy"),
            closed=_("closed"),
            free_again=_("free again"),
            places=_("Places: {count}"),
            states={
                "requested": _("requested"),
                "rejected": _("declined"),
                "cancelled": _("cancelled"),
                "expired": _("expired"),
                "no_show": _("no-show"),
            },
            course=_("Induction course: {kind}"),
            own_course=_("Induction course: {kind} (you hold it)"),
        )
