"""Who did it: a person, or a part of the program, as the event log names it."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

JOB_LABELS: dict[str, LazyString] = {
    "accept_offers": _l("Ringbuch, as the member wished"),
    "cancel_link": _l("By the link in a reminder"),
    "demo": _l("Demo ring"),
    "deputy_ends": _l("Ringbuch, every night"),
    "end_exchanges": _l("Ringbuch, at the deadline"),
    "expire_requests": _l("Ringbuch, at the deadline"),
    "fees": _l("Ringbuch, when charging fees"),
    "lapse_offers": _l("Ringbuch, at the deadline"),
    "look_after_courses": _l("Ringbuch, before a course"),
    "note_zone_rules": _l("Ringbuch, after a change of the clock's rules"),
    "offer_link": _l("By the link in an offer"),
    "offer_time": _l("Ringbuch, from the waiting list"),
    "course_link": _l("By the link in the e-mail about a course"),
    "exchange_link": _l("By the link in an offer of another member"),
    "proposal_link": _l("By the link in a proposal"),
    "pricing": _l("Ringbuch, when pricing"),
    "remind_of_maintenance": _l("Ringbuch, before maintenance"),
    "settlements": _l("Ringbuch, after settling with who left"),
    "set-up": _l("Set-up of the ring"),
    "terminal": _l("Command at the server"),
}


def actor_label(name: str | None, job: str | None, user_id: int | None) -> str:
    """Return who did it: a person, or a part of the program."""
    if name:
        return name
    return str(JOB_LABELS.get(job, job)) if job else _("login no. %(number)s", number=user_id)
