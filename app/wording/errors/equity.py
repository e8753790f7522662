"""Texts and statuses of the errors of equity and of settling with who left."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText("equity_move_not_found", 404, _l("No such change of equity"), _l("There is no such change of equity.")),
    ErrorText(
        "equity_used",
        409,
        _l("The equity was used since"),
        _l(
            "Nothing was posted: what you take back was moved when the member left, or set off since. Take the later "
            "changes back first, the newest before the others."
        ),
    ),
    ErrorText(
        "membership_not_over",
        409,
        _l("The membership is not over"),
        _l(
            "Only with members who have left can equity be set off. Enter the last day of the membership on the page "
            "of the member; settle once it is over."
        ),
    ),
    ErrorText(
        "nothing_to_settle",
        409,
        _l("Nothing to settle"),
        _l(
            "The member owes nothing that could be set off, or has no equity left. What was paid in is entered on the "
            "page of the equity."
        ),
    ),
    ErrorText(
        "too_much_set_off",
        422,
        _l("That is too much"),
        _l(
            "Nothing was posted: at most %(most_cents)s can be set off, no more than is owed and no more than the "
            "equity is."
        ),
    ),
    ErrorText(
        "nothing_set_off",
        422,
        _l("Nothing would be set off"),
        _l("Nothing was posted: the equity was moved before. Enter a sum above zero, at most %(most_cents)s."),
    ),
    ErrorText(
        "stale_settlement",
        409,
        _l("Look at the sums once more"),
        _l("Nothing was posted: the sums are others than those that were shown. Look at the present ones first."),
    ),
)
