"""The next times that would be accepted in place of a refused reservation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.api.fields import format_instant
from app.clock import now
from app.extensions import db
from booking import availability
from booking.errors.schedule_errors import RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish


def suggest_alternatives(
    wish: Wish | GroupWish, *, excluding: int | None = None
) -> Callable[[DomainError], list[dict[str, Any]]]:
    """Return a function that finds alternatives after a refusal. excluding: the reservation that is moved."""

    def find(refusal: DomainError) -> list[dict[str, Any]]:
        if not isinstance(refusal, SlotTaken | RequestRefused):
            return []
        session = db.session()
        if isinstance(wish, GroupWish):
            found = availability.group_alternatives(session, wish, now=now())
        else:
            found = availability.alternatives(session, wish, now=now(), excluding=excluding)
        session.rollback()  # end the read transaction at once
        return [
            {
                "machine_id": one.machine_id,
                "starts_at": format_instant(one.span.start),
                "ends_at": format_instant(one.span.end),
            }
            for one in found
        ]

    return find
