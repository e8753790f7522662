"""Texts and statuses of the errors of calendar subscriptions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "feed_not_found",
        404,
        _l("No such calendar subscription"),
        _l("This calendar subscription does not exist, or has ended."),
    ),
    ErrorText(
        "too_many_feeds",
        422,
        _l("Too many calendar subscriptions"),
        _l(
            "You have reached the number of calendar subscriptions that a login may "
            "have. End one that you no longer use."
        ),
    ),
    ErrorText(
        "not_for_feeds",
        422,
        _l("Not available as a calendar subscription"),
        _l(
            "Machines and workshops can only be subscribed to as busy times; a subscription "
            "to your own reservations needs a member."
        ),
    ),
)
