"""Times that were given up by a move when cancelling was no longer free."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class LateMove(Base):
    """A confirmed time that a member gave up by a move after its deadline of free cancelling.

    Cancelling the new time is free again for a while; what was held at the deadline is not. moved_at: when the move was
    made, or asked for where it needed approval.
    """

    __tablename__ = "booking_late_move"
    __table_args__ = (CheckConstraint("starts_at < ends_at AND places > 0", name="held"),)

    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id"), primary_key=True, autoincrement=False
    )
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int]
