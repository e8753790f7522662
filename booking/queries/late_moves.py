"""What a reservation gave up by moves after its deadline of free cancelling."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import LateMove


def late_moves(session: Session, reservation_id: int) -> Sequence[LateMove]:
    """Return the times that a reservation gave up too late, the earliest first."""
    statement = select(LateMove).where(LateMove.reservation_id == reservation_id)
    return session.scalars(statement.order_by(LateMove.moved_at)).all()
