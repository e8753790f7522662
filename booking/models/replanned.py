"""What re-plans did with reservations of machines that broke down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Replanned(Base):
    """A reservation that a re-plan moved, or for which it proposed another time or machine; the last one of each.

    from_...: where it was before the breakdown, to which it may go back while that is free. to_...: where it was moved,
    or what was proposed (kind: offered), which it gets when its member takes it. It counts while the reservation still
    has the time and machine that the re-plan left. hold_id, lapses_at: of a proposal that is held until then (one made
    before there were holds is not); its row goes with its hold, however it ends.
    """

    __tablename__ = "booking_replanned"
    __table_args__ = (
        CheckConstraint("kind IN ('moved', 'offered')", name="kind"),
        CheckConstraint("from_starts_at < from_ends_at AND to_starts_at < to_ends_at", name="spans_positive"),
    )

    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    blocking_id: Mapped[int] = mapped_column(ForeignKey("booking_blocking.id"), index=True)
    kind: Mapped[str]
    from_machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id", ondelete="CASCADE"), index=True)
    from_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    from_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id", ondelete="CASCADE"), index=True)
    to_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_free_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the member heard that it may go back
    hold_id: Mapped[int | None] = mapped_column(index=True, unique=True)  # of booking_hold
    lapses_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReplanTold(Base):
    """A reservation that stays, of which its member was told because of a closure.

    told_as: none (nothing found), at_risk, or needs_none; empty in rows of before.
    """

    __tablename__ = "booking_replan_told"

    blocking_id: Mapped[int] = mapped_column(ForeignKey("booking_blocking.id"), primary_key=True, autoincrement=False)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    told_as: Mapped[str | None]
