"""The limits of a number or a text that is refused, as a sentence."""

from __future__ import annotations

from flask_babel import gettext as _

from billing.errors.money_errors import WrongAmount, WrongText


def limits_sentence(error: WrongAmount | WrongText) -> str:
    """Return what a number or a text may be."""
    if isinstance(error, WrongText):
        return _("Enter a text of at most %(limit)s characters.", limit=error.facts["limit"])
    return _(
        "Enter a number from %(lowest)s to %(highest)s.", lowest=error.facts["lowest"], highest=error.facts["highest"]
    )
