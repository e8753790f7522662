"""The next times that would be accepted in place of a refused wish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.api.fields import written
from app.clock import now
from app.extensions import db
from booking import availability
from booking.errors import RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.wishes import Wish


def suggest_alternatives(wish: Wish, *, excluding: int | None = None) -> Callable[[DomainError], list[dict[str, Any]]]:
    """Return a function that looks alternatives up once the wish is refused. excluding: the reservation to be moved."""

    def look_up(refusal: DomainError) -> list[dict[str, Any]]:
        if not isinstance(refusal, SlotTaken | RequestRefused):
            return []
        session = db.session()
        found = availability.alternatives(session, wish, now=now(), excluding=excluding)
        session.rollback()  # end the read transaction at once
        return [
            {
                "machine_id": one.machine_id,
                "starts_at": written(one.span.start),
                "ends_at": written(one.span.end),
            }
            for one in found
        ]

    return look_up
