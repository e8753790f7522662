"""Texts and statuses of the errors of accounting periods, statements and the chart of accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "period_not_found",
        404,
        _l("No such period"),
        _l("There is no such accounting period."),
    ),
    ErrorText(
        "period_not_open",
        409,
        _l("This period takes no entries"),
        _l(
            "The accounting period of this day is closed, or only treasurers may still post in it. Nothing was "
            "stored. Please ask a treasurer to do this, or to open the period again."
        ),
    ),
    ErrorText(
        "period_not_over",
        409,
        _l("This period has not ended yet"),
        _l("A period can be closed from the day after its last one. Nothing was changed."),
    ),
    ErrorText(
        "earlier_period_open",
        409,
        _l("An earlier period is still open"),
        _l("Periods are closed in their order. Please close %(name)s first; nothing was changed."),
    ),
    ErrorText(
        "wrong_period_state",
        409,
        _l("The period is not in this state any more"),
        _l("The period is closed, or somebody has changed it meanwhile. Nothing was changed; look at it again."),
    ),
    ErrorText(
        "events_undelivered",
        409,
        _l("Hand-backs are still being processed"),
        _l(
            "Not every hand-back has been priced yet, so that a charge could be missing. This takes seconds; please "
            "try again. If it stays so, the operator types: ring check undelivered"
        ),
    ),
    ErrorText(
        "open_points",
        422,
        _l("The checklist has open points"),
        _l("Something is still missing in this period. Settle it, or confirm that you close it in spite of that."),
    ),
    ErrorText(
        "stale_closing",
        409,
        _l("The period has changed"),
        _l("Something was posted, or the checklist has changed, since you looked. Nothing was closed; check it again."),
    ),
    ErrorText(
        "member_without_email",
        409,
        _l("No e-mail address"),
        _l(
            "Neither a login nor the record of this member has an e-mail address; nothing was sent. Enter one, or "
            "print the statement (PDF)."
        ),
    ),
    ErrorText(
        "wrong_account_number",
        422,
        _l("This is no account number"),
        _l("An account number has 4 to 8 digits. Nothing was stored."),
    ),
    ErrorText(
        "account_number_taken",
        422,
        _l("Two accounts have this number"),
        _l("%(number)s would be the number of two accounts. Each account needs one of its own; nothing was stored."),
    ),
    ErrorText(
        "period_divided",
        409,
        _l("This year has other periods"),
        _l(
            "%(name)s is not one of the periods of this year: a year keeps the length of those that were soft-closed "
            "or closed in it."
        ),
    ),
)
