"""Damage that somebody saw at a machine."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

_IS_OPEN = text("done_at IS NULL")


class DamageReport(Base):
    """What a login reported about a machine, for its managers. It is open until one of them marks it as done.

    member_id: for whom the login acts; null for a login without a member. A member has at most one open report for
    a machine. Never deleted.
    """

    __tablename__ = "booking_damage_report"
    __table_args__ = (
        CheckConstraint("text <> ''", name="text_filled"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done_by_somebody"),
        Index(
            "ix_booking_damage_report_open_of_member",
            "machine_id",
            "member_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index(None, "machine_id", "done_at"),
        Index(None, "reported_by", "reported_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id"))
    reported_by: Mapped[int]  # user id
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str]
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[int | None]  # user id
