"""The table of fees: what a member owes that is no use of a machine and no share of costs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.tariff import TAX_CODE_LENGTH
from booking.kernel.orm import Base, UtcDateTime

FEE_KINDS = ("no_show", "late_cancel", "dues", "material", "other")
IS_KIND = f"kind IN ({', '.join(repr(kind) for kind in FEE_KINDS)})"


class Fee(Base):
    """A fee of one member. Append-only: a correction is a reversal (reverses_id, the opposite cents) and a new fee.

    text: what it is for, or why it was taken back. calculation: see billing/fees/working.py. reservation_id: of a fee
    for a reservation that was missed; number: odd ones of a reservation are fees, even ones reverse the one before, so
    that it has at most one effective fee. form_key: idempotency key of the caller.
    """

    __tablename__ = "billing_fee"
    __table_args__ = (
        CheckConstraint(IS_KIND, name="kind"),
        CheckConstraint("cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)", name="cents"),
        CheckConstraint("service_from <= service_until", name="service"),
        CheckConstraint("(kind IN ('no_show', 'late_cancel')) = (reservation_id IS NOT NULL)", name="reservation"),
        CheckConstraint("(number IS NULL) = (reservation_id IS NULL)", name="numbered"),
        CheckConstraint("number IS NULL OR (number % 2 = 0) = (reverses_id IS NOT NULL)", name="even_reverses"),
        CheckConstraint(TAX_CODE_LENGTH, name="tax_code"),
        Index("ix_billing_fee_member", "member_id", "id"),
        Index("ix_billing_fee_served", "service_from", "id"),
        Index("ix_billing_fee_reservation", "reservation_id", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine.id"))
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"))
    number: Mapped[int | None]
    service_from: Mapped[date]
    service_until: Mapped[date]
    text: Mapped[str]
    cents: Mapped[int] = mapped_column(BigInteger)
    calculation: Mapped[dict[str, Any]] = mapped_column(JSON)
    tax_code: Mapped[str | None]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_fee.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None]  # user id
    form_key: Mapped[str | None] = mapped_column(unique=True)
