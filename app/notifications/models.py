"""Which calendar entries the attached file of a mail holds: who has to get the next one when an entry changes."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class AttachedEntry(Base):
    """A reservation in the calendar file of a mail. revision: its SEQUENCE; recipient: the key of the addressee."""

    __tablename__ = "notifications_attached_entry"
    __table_args__ = (Index(None, "reservation_id"),)

    mail_id: Mapped[int] = mapped_column(ForeignKey("mail_outbox.id", ondelete="CASCADE"), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        # The usual name would be longer than PostgreSQL allows.
        ForeignKey("booking_reservation.id", name="fk_notifications_attached_entry_reservation"),
        primary_key=True,
    )
    revision: Mapped[int]
    recipient: Mapped[str]
