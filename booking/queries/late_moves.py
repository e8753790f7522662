"""What reservations gave up by moves after its deadline of free cancelling."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import LateMove


def late_moves(session: Session, reservation_ids: Collection[int]) -> dict[int, list[LateMove]]:
    """Return the times that reservations gave up too late, the earliest first; those alone that gave one up."""
    statement = select(LateMove).where(LateMove.reservation_id.in_(reservation_ids)).order_by(LateMove.moved_at)
    found: dict[int, list[LateMove]] = {}
    for one in session.scalars(statement):
        found.setdefault(one.reservation_id, []).append(one)
    return found
