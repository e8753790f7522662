"""Announcements of managers and administrators."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

TEXT_LENGTH_MAX = 500


class Announcement(Base):
    """A note on Today: about a workshop, or for the whole ring (no workshop). It holds until its last day.

    Never deleted; withdrawn_at: when it was ended before.
    """

    __tablename__ = "booking_announcement"
    __table_args__ = (
        CheckConstraint(f"text <> '' AND length(text) <= {TEXT_LENGTH_MAX}", name="text_length"),
        Index(None, "last_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("booking_workshop.id"))
    text: Mapped[str]
    last_day: Mapped[date]
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    announced_by: Mapped[int | None]  # user id
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
