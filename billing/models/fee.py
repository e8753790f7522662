"""Tables of fees: what a member owes that is no use of a machine; missed reservations and what they cost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.tariff import TAX_CODE_LENGTH
from booking.kernel.orm import Base, UtcDateTime

FEE_KINDS = ("no_show", "late_cancel", "dues", "material", "other", "deposit")
OF_RESERVATION = "(kind IN ('no_show', 'late_cancel', 'deposit')) = (reservation_id IS NOT NULL)"
IS_KIND = f"kind IN ({', '.join(repr(kind) for kind in FEE_KINDS)})"


class Fee(Base):
    """A fee of one member. Append-only: a correction is a reversal (reverses_id, the opposite cents) and a new fee.

    text: what it is for, or why it was taken back. calculation: see billing/fees/working.py. reservation_id: of a fee
    for a reservation that was missed, or of a deposit; number: odd ones of a reservation are fees, even ones reverse
    the one before, so that it has at most one effective fee. form_key: idempotency key of the caller.
    """

    __tablename__ = "billing_fee"
    __table_args__ = (
        CheckConstraint(IS_KIND, name="kind"),
        CheckConstraint("cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)", name="cents"),
        CheckConstraint("service_from <= service_until", name="service"),
        CheckConstraint(OF_RESERVATION, name="reservation"),
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


class FeeTerms(Base):
    """What missing a reservation of a machine costs, for reservations that begin on a day or later, until the next.

    notices: [hours, percent], the longest first: cancelled less than so many hours before the start, so much of the
    planned price is owed. cap_cents: at most. free_times: so many missed ones in twelve months cost nothing.
    base_cents: in place of the planned price where it is known only after the use; 0: nothing is owed then.
    """

    __tablename__ = "billing_fee_terms"
    __table_args__ = (
        CheckConstraint("no_show_percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("cap_cents > 0", name="cap"),
        CheckConstraint("free_times >= 0 AND base_cents >= 0", name="not_negative"),
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    no_show_percent: Mapped[int]
    notices: Mapped[list[list[int]]] = mapped_column(JSON)
    cap_cents: Mapped[int | None] = mapped_column(BigInteger)
    free_times: Mapped[int]
    base_cents: Mapped[int] = mapped_column(BigInteger)


class DepositTerms(Base):
    """What a machine asks when it is handed out, from a day on until the next; 0 cents: nothing.

    is_set_off: it goes back against the charge of the use, else when the machine comes back.
    """

    __tablename__ = "billing_deposit_terms"
    __table_args__ = (CheckConstraint("cents >= 0", name="cents"),)

    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    is_set_off: Mapped[bool]


class Missed(Base):
    """A reservation that was missed, with what the terms said at that moment. Its fee is fixed when its span is over.

    missed_at: when it was cancelled or reported. moved_at: when a move gave the time up, where that was before: the
    notice counts from then. settled_at: when the fee was fixed, also where it was nothing.
    """

    __tablename__ = "billing_missed"
    __table_args__ = (
        CheckConstraint("kind IN ('no_show', 'late_cancel')", name="kind"),
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        CheckConstraint("percent BETWEEN 1 AND 100 AND places > 0", name="percent"),
        Index("ix_billing_missed_member", "member_id", "missed_at"),
        Index(
            "ix_billing_missed_due",
            "ends_at",
            sqlite_where=sql("settled_at IS NULL"),
            postgresql_where=sql("settled_at IS NULL"),
        ),
    )

    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    missed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    places: Mapped[int]
    percent: Mapped[int]
    base_cents: Mapped[int] = mapped_column(BigInteger)
    cap_cents: Mapped[int | None] = mapped_column(BigInteger)
    free_times: Mapped[int]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def given_up_at(self) -> datetime:
        """When others could take the time."""
        return self.moved_at or self.missed_at
