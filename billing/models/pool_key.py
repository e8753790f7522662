"""Tables of the keys that a ring composes itself, of the meters of members, and of what a key measured."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

PERCENT_MAX = 1_000_000  # a hundred per cent, in ten-thousandths of a per cent


class PoolKey(Base):
    """A key that a pool has beside "use", "shares" and "head"; the pool's rules name it "key-" and its id."""

    __tablename__ = "billing_pool_key"
    __table_args__ = (Index(None, "pool_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    name: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)


class PoolKeyTerms(Base):
    """What a key consists of from a day on: see billing.keys.KeyTerms. parts: pairs of base and percentage."""

    __tablename__ = "billing_pool_key_terms"
    __table_args__ = (
        CheckConstraint("minimum >= 0", name="minimum"),
        CheckConstraint(f"cap IS NULL OR cap BETWEEN 1 AND {PERCENT_MAX}", name="cap"),
        Index(None, "key_id", "valid_from", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("billing_pool_key.id"))
    valid_from: Mapped[date]
    parts: Mapped[list[list[str | int]]] = mapped_column(JSON)
    minimum: Mapped[int] = mapped_column(BigInteger, default=0)
    cap: Mapped[int | None]
    meter_unit: Mapped[str] = mapped_column(default="")


class PoolKeyPercent(Base):
    """The fixed percentage of a member, in ten-thousandths of a per cent."""

    __tablename__ = "billing_pool_key_percent"
    __table_args__ = (CheckConstraint(f"percent BETWEEN 1 AND {PERCENT_MAX}", name="percent"),)

    terms_id: Mapped[int] = mapped_column(ForeignKey("billing_pool_key_terms.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True, index=True)
    percent: Mapped[int]


class Meter(Base):
    """A member's meter, whose readings divide costs of a pool: electricity, water, heat."""

    __tablename__ = "billing_meter"
    __table_args__ = (Index(None, "pool_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), index=True)
    name: Mapped[str]  # the number on it


class MeterReading(Base):
    """What a meter showed on a day, in thousandths of its unit.

    restart: where it was changed on that day, what the new one showed; reading is then the last of the old one. The
    database refuses a reading below the one before it, or above the one after it.
    """

    __tablename__ = "billing_meter_reading"
    __table_args__ = (
        CheckConstraint("reading >= 0 AND (restart IS NULL OR restart >= 0)", name="not_negative"),
        Index(None, "meter_id", "read_on", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meter_id: Mapped[int] = mapped_column(ForeignKey("billing_meter.id"))
    read_on: Mapped[date]
    reading: Mapped[int] = mapped_column(BigInteger)
    restart: Mapped[int | None] = mapped_column(BigInteger)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None]  # user id


class MeterReadingEntry(Base):
    """What was entered for a meter and a day: 1, 2, 3 ...; append-only. The last one is what MeterReading has.

    reading: None where the reading was withdrawn.
    """

    __tablename__ = "billing_meter_reading_entry"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("reading >= 0 AND (restart IS NULL OR restart >= 0)", name="not_negative"),
        CheckConstraint("reading IS NOT NULL OR restart IS NULL", name="withdrawn"),
    )

    meter_id: Mapped[int] = mapped_column(ForeignKey("billing_meter.id"), primary_key=True)
    read_on: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reading: Mapped[int | None] = mapped_column(BigInteger)
    restart: Mapped[int | None] = mapped_column(BigInteger)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None]  # user id


class MeteredAllocation(Base):
    """An allocation that divided by meters: while it is effective, the database keeps the readings that it used."""

    __tablename__ = "billing_metered_allocation"

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)


class AllocationAmount(Base):
    """What a part of an own key measured of a member, before minimum and cap. part: 1, 2, 3 ... within the key."""

    __tablename__ = "billing_allocation_amount"
    __table_args__ = (
        ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
        CheckConstraint("amount >= 0", name="not_negative"),
    )

    allocation_id: Mapped[int] = mapped_column(primary_key=True)
    group_number: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
