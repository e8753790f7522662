"""Tables of advances: what members owe before the true-up of a pool, and what an allocation counts against it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Advance(Base):
    """An amount per share of a pool that its holders owe in advance for a period. Append-only.

    shares_on: the day whose shares count. A reversal (reverses_id) has the opposite unit_cents and lines.
    """

    __tablename__ = "billing_advance"
    __table_args__ = (
        CheckConstraint("period_from <= period_until", name="period"),
        CheckConstraint("unit_cents <> 0", name="not_zero"),
        Index(None, "pool_id", "period_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    period_from: Mapped[date]
    period_until: Mapped[date]
    shares_on: Mapped[date]
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    total_cents: Mapped[int] = mapped_column(BigInteger)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[int | None]  # user id
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_advance.id"), unique=True)
    note: Mapped[str] = mapped_column(default="")
    form_key: Mapped[str | None] = mapped_column(unique=True)  # idempotency key of the caller


class AdvanceLine(Base):
    """A member's part of an advance: shares x cents per share."""

    __tablename__ = "billing_advance_line"

    advance_id: Mapped[int] = mapped_column(ForeignKey("billing_advance.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True)
    shares: Mapped[int]
    cents: Mapped[int] = mapped_column(BigInteger)


class AllocationCharge(Base):
    """A usage charge that an allocation counts against the member's share. In at most one effective allocation."""

    __tablename__ = "billing_allocation_charge"
    __table_args__ = (Index(None, "charge_id"), Index(None, "allocation_id", "member_id"))

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("billing_charge.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    cents: Mapped[int] = mapped_column(BigInteger)


class AllocationAdvance(Base):
    """A member's part of an advance that an allocation counts against the share, in one effective allocation."""

    __tablename__ = "billing_allocation_advance"
    __table_args__ = (Index(None, "advance_id", "member_id"),)

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    advance_id: Mapped[int] = mapped_column(ForeignKey("billing_advance.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
