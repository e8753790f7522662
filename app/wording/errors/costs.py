"""Texts and statuses of the errors of bills, keys and what pools count."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "unusual_cost",
        409,
        _l("This amount is unusual"),
        _l(
            "Nothing is stored yet: the amount is ten times the usual one or more. Correct it, or confirm it (in the "
            "API by confirmed_cents with the same amount)."
        ),
    ),
    ErrorText(
        "nothing_counted",
        422,
        _l("Nothing to count"),
        _l("What you chose has no machine, so that the pool would count nothing. Choose something else."),
    ),
    ErrorText(
        "too_many_machines",
        422,
        _l("Too many single machines"),
        _l("A pool counts %(most)s single machines at most. Choose a group, a site or the whole ring."),
    ),
    ErrorText(
        "scope_not_found",
        404,
        _l("No such choice"),
        _l("Nothing was chosen for this day: what the pool counts did not change on it."),
    ),
)
