"""The errors of equity and of settling with who left."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class EquityMoveNotFound(NotFound):
    """There is no such change of equity, or it is another member's."""

    code = "equity_move_not_found"


class EquityUsed(DomainError):
    """What is to be taken back was moved or set off since. facts: cents (left of it), needed_cents."""

    code = "equity_used"


class MembershipNotOver(DomainError):
    """The member has not left: no last day is entered, or it is still to come. facts: left_on (or None)."""

    code = "membership_not_over"


class NothingToSettle(DomainError):
    """The member has no equity that could be moved or set off. facts: none."""

    code = "nothing_to_settle"


class TooMuchSetOff(DomainError):
    """More is to be set off than is owed, or than the equity is. facts: most_cents, actual_cents."""

    code = "too_much_set_off"


class NothingSetOff(DomainError):
    """Nothing is to be set off, and no equity is left to move. facts: most_cents, actual_cents."""

    code = "nothing_set_off"


class StaleSettlement(DomainError):
    """What is owed or the equity has changed since the preview was shown. Nothing was posted."""

    code = "stale_settlement"
