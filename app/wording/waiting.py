"""An entry of the waiting list in words: what is wished for, and its place in the order."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_day, format_minutes, format_span
from booking.models import DayPart, OfferStatus
from booking.queries.waiting import WaitingView

PARTS = {
    DayPart.ANY: _l("at any time of the day"),
    DayPart.MORNING: _l("in the morning, 6:00 to 12:00"),
    DayPart.AFTERNOON: _l("in the afternoon, 12:00 to 18:00"),
    DayPart.EVENING: _l("in the evening, 18:00 to 24:00"),
}
_POSITIONS = (
    _l("You are first"),
    _l("You are second"),
    _l("You are third"),
    _l("You are fourth"),
    _l("You are fifth"),
)
_ENDED = {
    OfferStatus.ACCEPTED: _l("This offer was accepted."),
    OfferStatus.DECLINED: _l("This offer was declined."),
    OfferStatus.LAPSED: _l("The time to answer this offer is over."),
    OfferStatus.WITHDRAWN: _l("This offer was withdrawn."),
}


def waiting_sentence(view: WaitingView) -> str:
    """Return what is wished for: a time, or 4 h, from Mon 7 Dec to Sun 13 Dec, in the morning."""
    if view.length_min is None:
        return format_span(view.window, view.zone)
    length, part = format_minutes(view.length_min), str(PARTS[view.part])
    first = format_day(view.window.start, view.zone)
    last = format_day(view.window.end - timedelta(microseconds=1), view.zone)
    if first == last:
        return _("%(length)s on %(day)s, %(part)s", length=length, day=first, part=part)
    return _("%(length)s between %(first)s and %(last)s, %(part)s", length=length, first=first, last=last, part=part)


def offer_state_text(status: OfferStatus) -> str:
    """Return what became of an offer; one that is stored as open has lapsed, where it cannot be accepted any more."""
    return str(_ENDED.get(status, _ENDED[OfferStatus.LAPSED]))


def position_text(position: int | None) -> str:
    """Return the place of one's own entry in the order."""
    if position is None:
        return _("no longer waiting")
    if position <= len(_POSITIONS):
        return str(_POSITIONS[position - 1])
    return _("You are number %(number)s", number=position)
