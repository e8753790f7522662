"""Texts of equity: the kinds of its changes, and why a line of a balance is set off."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_money
from billing.queries.equity import EquityMoveView

KIND_LABELS: dict[str, Any] = {
    "paid_in": _l("Paid in"),
    "leaving": _l("Member has left"),
    "set_off": _l("Set off against what was owed"),
}

# What taking it back does, and what to do where that was a mistake.
REVERSALS: dict[str, Any] = {
    "paid_in": _l("The equity is smaller by it. The reversal itself cannot be taken back: enter the sum again."),
    "leaving": _l(
        "It stands with the equity of those who stay again. The reversal itself cannot be taken back: settle once more."
    ),
    "set_off": _l(
        "The member owes it again, and gets a statement that says so. The reversal itself cannot be taken back: settle "
        "once more."
    ),
}


def equity_kind_label(kind: str) -> str:
    """Return what a change of equity is."""
    return str(KIND_LABELS[kind])


def set_off_reason(move: EquityMoveView) -> str:
    """Return why a line of a balance is there: against which equity it was set off, and what is left of that."""
    if move.reverses_id is not None:
        return _("Set-off taken back: %(reason)s", reason=move.note)
    return _(
        "Set off against your equity of %(before)s, owed to you since your membership ended; %(after)s of it is left",
        before=format_money(move.before_cents),
        after=format_money(move.left_cents),
    )
