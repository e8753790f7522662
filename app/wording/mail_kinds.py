"""The texts of the kinds of mails: name, and what they are about or why they must be sent."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

# Kind -> its name, and a sentence.
TEXTS: dict[str, tuple[Any, Any]] = {
    "receipts": (_l("Receipt of a request"), _l("Your request has arrived and waits for a decision.")),
    "confirmations": (_l("Confirmed reservations"), _l("With the entry for your calendar.")),
    "reminders": (
        _l("Reminder the evening before"),
        _l("Time and place, with a link for a machine that you no longer need."),
    ),
    "use_ends": (_l("Reminder at the end of a use"), _l("When your time with a machine is over and it is still out.")),
    "renamed": (
        _l("New calendar entry after a new name or place"),
        _l("When the ring renames a machine or a workshop that you have reserved."),
    ),
    "offers": (
        _l("Offers from the waiting list"),
        _l("When what you wait for is free, with a link to answer; without this e-mail you have to look yourself."),
    ),
    "exchanges": (
        _l("Offers of other members"),
        _l("When a member wants to hand a reservation over to you or to swap, and what became of your own offers."),
    ),
    "courses": (
        _l("Inductions"),
        _l("Courses you asked for or signed up for, what you were given, and 30 days before an induction ends."),
    ),
    "changes": (
        _l("Changes by others"),
        _l("Declined, expired, moved, cancelled, outside new rules: otherwise you would come for nothing."),
    ),
    "slips": (_l("Usage slips and answers"), _l("With them begins the time in which you may object.")),
    "statements": (_l("Statements, advances and fees"), _l("They say what you owe.")),
    "requests": (_l("Requests that wait for you"), _l("One e-mail for each request.")),
    "moves": (_l("Moved and cancelled by members"), _l("Without a decision of yours.")),
    "objections": (_l("Objections to usage slips"), _l("They also wait for you under Today.")),
    "digest": (
        _l("Once a day: what waits for you"),
        _l("Requests, today's reservations and what is overdue, in one e-mail in the morning. None on a day without."),
    ),
    "damage": (_l("Damage reports"), _l("A broken machine can hurt somebody.")),
    "maintenance": (
        _l("Maintenance nearly due"),
        _l("When 90 per cent of the use between two maintenances of a machine is over, once each time."),
    ),
    "clocks": (_l("Changed clocks"), _l("Reservations show other times than their members know.")),
    "audits": (_l("Errors that the nightly check found"), _l("The ring's books may be wrong.")),
    "security": (
        _l("Safety of your login"),
        _l("Invitation, new password, changed address, roles, tokens and second factor: so that nobody acts as you."),
    ),
}


def kind_label(code: str) -> str:
    """Return the name of a kind of mails."""
    return str(TEXTS[code][0])


def kind_sentence(code: str) -> str:
    """Return what mails of a kind are about, or why they must be sent."""
    return str(TEXTS[code][1])
