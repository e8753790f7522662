"""Quotas, and what reservations count of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base

MOST_MAX = 600_000  # minutes, or open reservations

# Exactly the columns that a measure needs. A comparison with NULL would be unknown, which a CHECK lets pass.
MEASURE = (
    "(measure = 'open' AND period IS NULL)"
    " OR (measure IN ('time', 'prime_time') AND period IS NOT NULL AND period IN ('week', 'month'))"
)
PRIME = (
    "(measure <> 'prime_time' AND weekdays IS NULL AND from_minute IS NULL AND until_minute IS NULL)"
    " OR (measure = 'prime_time' AND weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL"
    " AND weekdays BETWEEN 1 AND 127 AND 0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440)"
)


class Quota(Base):
    """The most that a member may have. See quota_rules.Quota, which has the same fields."""

    __tablename__ = "booking_quota"
    __table_args__ = (
        CheckConstraint(MEASURE, name="measure"),
        CheckConstraint(PRIME, name="prime_time"),
        CheckConstraint(f"most BETWEEN 1 AND {MOST_MAX}", name="most"),
        CheckConstraint(
            "(machine_id IS NULL AND group_id IS NULL) OR workshop_id IS NOT NULL", name="machine_in_workshop"
        ),
        CheckConstraint("machine_id IS NULL OR group_id IS NULL", name="one_scope"),
        CheckConstraint("member_id IS NULL OR price_class IS NULL", name="one_group"),
        Index(None, "workshop_id"),
        Index(None, "machine_id"),
        Index(None, "group_id"),
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("booking_workshop.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine_group.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"))
    price_class: Mapped[str | None] = mapped_column(ForeignKey("booking_price_class.code"))
    measure: Mapped[str]
    period: Mapped[str | None]
    most: Mapped[int]
    weekdays: Mapped[int | None]  # bits, Monday is 1
    from_minute: Mapped[int | None]
    until_minute: Mapped[int | None]
    counted_from: Mapped[date]
    revision: Mapped[int] = mapped_column(default=0)


class QuotaAccount(Base):
    """The row of a member that is locked before a machine, so that two requests never pass a quota together."""

    __tablename__ = "booking_quota_account"

    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"), primary_key=True)


class QuotaUse(Base):
    """What a reservation counts of a quota in one week or month, by its first day.

    Of a group's quota nothing is stored: it is counted as it is read, because the machines of a group change.
    """

    __tablename__ = "booking_quota_use"
    __table_args__ = (
        CheckConstraint("seconds > 0", name="seconds"),
        Index("ix_booking_quota_use_member", "member_id", "quota_id", "first_day"),
        Index("ix_booking_quota_use_quota", "quota_id"),
    )

    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", ondelete="CASCADE"), primary_key=True
    )
    quota_id: Mapped[int] = mapped_column(ForeignKey("booking_quota.id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"))
    seconds: Mapped[int]
