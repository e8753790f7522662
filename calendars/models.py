"""Calendar subscriptions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Feed(Base):
    """One calendar subscription: one secret address of one member, machine or workshop.

    The secret is stored as its SHA-256 alone. user_id: the login that made it; the feed dies with it.
    """

    __tablename__ = "calendars_feed"
    __table_args__ = (
        CheckConstraint("scope IN ('mine', 'machine', 'workshop')", name="scope"),
        CheckConstraint("privacy IN ('full', 'busy')", name="privacy"),
        CheckConstraint("(scope = 'mine') = (member_id IS NOT NULL)", name="member_of_mine"),
        CheckConstraint("(scope = 'machine') = (machine_id IS NOT NULL)", name="machine_of_machine"),
        CheckConstraint("(scope = 'workshop') = (workshop_id IS NOT NULL)", name="workshop_of_workshop"),
        Index(None, "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int]
    scope: Mapped[str]
    privacy: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine.id"))
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("booking_workshop.id"))
    label: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="de")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
