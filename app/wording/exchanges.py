"""How an exchange between members stands, in the words of its reader."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_instant
from booking.models import ExchangeState
from booking.queries.exchanges import ExchangeView

_ENDED = {
    ExchangeState.ACCEPTED: _l("Accepted: the reservations have changed hands."),
    ExchangeState.DECLINED: _l("Declined. Everything stays as it was."),
    ExchangeState.LAPSED: _l("Nobody answered in time. Everything stays as it was."),
    ExchangeState.WITHDRAWN: _l("Taken back. Everything stays as it was."),
    ExchangeState.OUTDATED: _l(
        "A reservation was changed or its machine closed meanwhile, so this is no longer what was offered."
    ),
}


_ENDED_WORDS = {
    ExchangeState.ACCEPTED: ("done", _l("accepted")),
    ExchangeState.DECLINED: ("rejected", _l("declined")),
    ExchangeState.LAPSED: ("expired", _l("no answer")),
    ExchangeState.WITHDRAWN: ("cancelled", _l("taken back")),
    ExchangeState.OUTDATED: ("expired", _l("out of date")),
}


def state_words(view: ExchangeView, state: ExchangeState, reader_id: int | None) -> tuple[str, str]:
    """Return how an exchange stands for a list: a code of app/pages/looks.py and a few words."""
    if state != ExchangeState.OPEN:
        code, words = _ENDED_WORDS[state]
        return code, str(words)
    if view.agreed_at is None and reader_id == view.receiver_id:
        return "requested", _("your answer")
    return "waiting", _("waits")


def state_text(view: ExchangeView, state: ExchangeState, reader_id: int | None) -> str:
    """Return how an exchange stands."""
    if state == ExchangeState.DECLINED and view.agreed_at is not None:
        return _("The workshop has declined the swap. Everything stays as it was.")
    if state != ExchangeState.OPEN:
        return str(_ENDED[state])
    if view.agreed_at is not None:
        return _("Both have agreed; the workshop decides.")
    until = format_instant(view.lapses_at, view.given.zone)
    if reader_id == view.receiver_id:
        return _("Waits for your answer until %(time)s.", time=until)
    return _("Waits for an answer until %(time)s.", time=until)
