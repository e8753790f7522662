"""Whether the current login may overrule rules, and its reason."""

from __future__ import annotations

from app.auth import permissions
from booking.queries import ReservationView
from booking.records.overruling import Overruling


def may_overrule_hand_out(view: ReservationView) -> bool:
    """Return whether the current login may hand a machine out though a condition of use no longer holds."""
    return permissions.may_touch("approvals.decide", "POST", workshop_id=view.workshop_id)


def hand_out_overruling(view: ReservationView, reason: str) -> Overruling | None:
    """Return the overruling of a hand-out; None without a reason, or by who may not."""
    if not reason.strip() or not may_overrule_hand_out(view):
        return None
    return Overruling(reason.strip())
