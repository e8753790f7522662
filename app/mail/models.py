"""The outbox table: mails that wait, were sent, or were given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Mail(Base):
    """One mail to one address. `key` names its subject and recipient, so that nothing is queued twice."""

    __tablename__ = "mail_outbox"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index(None, "sent_at", "given_up_at", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    to_address: Mapped[str]
    to_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    body: Mapped[str]
    calendar: Mapped[str | None]  # an .ics attachment
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
