"""Usage slips: what was really used."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

_DISPUTED = text("objected_at IS NOT NULL AND answered_at IS NULL")
_IS_READ = text("reading_after IS NOT NULL")


class UsageRecord(Base):
    """A usage slip: opened at hand-out, filled in at hand-back, open to the member's objection.

    Amounts and readings are integers in the small unit of charge_unit (see booking/charge_units.py);
    used_amount is null while the machine is out. The price is in billing_charge; what it depends on is kept here:
    service_date, the day on which the use began by the clock of the workshop, and the member's price_class of that
    day. objection_until: until when the member may object, by the rule at hand-back; null while the machine is out.
    A trigger refuses a slip without a day or with a class that does not exist: SQLite adds no such column.
    """

    __tablename__ = "booking_usage"
    __table_args__ = (
        CheckConstraint("handed_back_at IS NULL OR handed_out_at <= handed_back_at", name="order"),
        CheckConstraint("used_amount IS NULL OR used_amount >= 0", name="amount_not_negative"),
        CheckConstraint(
            "reading_after IS NULL OR reading_before IS NULL OR reading_before <= reading_after",
            name="reading_forward",
        ),
        CheckConstraint("(handed_back_at IS NULL) = (used_amount IS NULL)", name="amount_at_hand_back"),
        Index(None, "machine_id", "handed_out_at"),
        Index(None, "member_id", "handed_out_at"),
        Index("ix_booking_usage_member_id_id", "member_id", "id"),
        Index("ix_booking_usage_member_machine", "member_id", "machine_id", "handed_out_at"),
        Index("ix_booking_usage_newest", "handed_out_at", "id"),
        Index("ix_booking_usage_disputed", "handed_out_at", "id", sqlite_where=_DISPUTED, postgresql_where=_DISPUTED),
        Index("ix_booking_usage_machine_day", "machine_id", "service_date"),
        Index("ix_booking_usage_use", "machine_id", "charge_unit", "service_date", "used_amount"),  # sums of years
        Index(
            "ix_booking_usage_reading",
            "machine_id",
            "handed_out_at",
            "id",
            sqlite_where=_IS_READ,
            postgresql_where=_IS_READ,
        ),
        Index(None, "service_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"), unique=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    charge_unit: Mapped[str]
    service_date: Mapped[date] = mapped_column(nullable=True)
    price_class: Mapped[str] = mapped_column(nullable=True)  # a code of PriceClass
    handed_out_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handed_out_by: Mapped[int | None]  # user id
    handed_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_back_by: Mapped[int | None]  # user id
    reading_before: Mapped[int | None]
    reading_after: Mapped[int | None]
    booked_amount: Mapped[int | None]  # null where the unit has no booked amount (hectares, grams)
    used_amount: Mapped[int | None]
    places: Mapped[int] = mapped_column(default=1)
    operator_name: Mapped[str] = mapped_column(default="", server_default="")  # who ran it; "" for the member itself
    operator_user_id: Mapped[int | None]  # user id
    supervisor_name: Mapped[str] = mapped_column(default="", server_default="")  # of a use under supervision
    second_person: Mapped[str] = mapped_column(default="", server_default="")  # who was there as well
    second_user_id: Mapped[int | None]  # user id
    note_before: Mapped[str] = mapped_column(default="")
    note_after: Mapped[str] = mapped_column(default="")
    photo_before_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    photo_after_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    objection_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    objected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    objection: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None]  # user id
    answer: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)
