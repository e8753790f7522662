"""Cost pools, actual costs, and the allocations that divide them among members."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Share(Base):
    """How many shares of a pool a member holds from a day on (dated; 0 ends the holding)."""

    __tablename__ = "billing_share"
    __table_args__ = (
        CheckConstraint("shares >= 0", name="not_negative"),
        Index(None, "pool_id", "member_id", "valid_from", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    shares: Mapped[int]
    valid_from: Mapped[date]


class Pool(Base):
    """The costs of a machine, to be divided among members.

    rules: cost kind -> key ("use", "shares", "head"). Each key is a pot of its own; the kinds say into
    which pot a cost falls.
    """

    __tablename__ = "billing_pool"

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    rules: Mapped[dict[str, str]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=0)


class Cost(Base):
    """One actual cost of a pool: a bill, net. Negative for a credit of the supplier.

    While it stands in an allocation that is not reversed, the database refuses to change it; once it
    stood in one, it can never be deleted.
    """

    __tablename__ = "billing_cost"
    __table_args__ = (
        CheckConstraint("net_cents <> 0", name="not_zero"),
        Index(None, "pool_id", "service_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    service_date: Mapped[date]
    supplier: Mapped[str]
    kind: Mapped[str]  # fixed, variable, repair ...: a key of the pool's rules
    document: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    net_cents: Mapped[int] = mapped_column(BigInteger)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None]  # user id
    form_key: Mapped[str | None] = mapped_column(unique=True, index=True)  # so that a form sent twice counts once
    revision: Mapped[int] = mapped_column(default=0)


class Allocation(Base):
    """Costs of a pool for a period, divided among members and posted. Never edited: reversed and made anew.

    A reversal (reverses_id) is the exact mirror: the same pots, costs and lines with the opposite sign.
    """

    __tablename__ = "billing_allocation"
    __table_args__ = (
        CheckConstraint("period_from <= period_until", name="period"),
        Index(None, "pool_id", "period_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    period_from: Mapped[date]
    period_until: Mapped[date]  # last day of the period
    total_cents: Mapped[int] = mapped_column(BigInteger)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[int | None]  # user id
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_allocation.id"), unique=True)
    note: Mapped[str] = mapped_column(default="")


class AllocationCost(Base):
    """A cost went into an allocation, with what it was then.

    A cost is in at most one allocation that is not reversed: the database sees to it.
    """

    __tablename__ = "billing_allocation_cost"

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    cost_id: Mapped[int] = mapped_column(ForeignKey("billing_cost.id"), primary_key=True, index=True)
    net_cents: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)  # pot, service_date, supplier, kind, document


class AllocationPot(Base):
    """The part of an allocation that one key divides.

    shares_on: for the keys "shares" and "head", the day whose shares count. charge_unit: for the key "use",
    what the weights are counted in.
    """

    __tablename__ = "billing_allocation_pot"

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    pot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 ... within the allocation
    key: Mapped[str]  # use, shares, head
    kinds: Mapped[list[str]] = mapped_column(JSON)
    shares_on: Mapped[date | None]
    charge_unit: Mapped[str] = mapped_column(default="")
    cents: Mapped[int] = mapped_column(BigInteger)
    weight_sum: Mapped[int] = mapped_column(BigInteger)


class AllocationLine(Base):
    """What one member bears of one pot: the key's weight and the cents it gave."""

    __tablename__ = "billing_allocation_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["allocation_id", "pot"], ["billing_allocation_pot.allocation_id", "billing_allocation_pot.pot"]
        ),
        Index(None, "member_id"),
    )

    allocation_id: Mapped[int] = mapped_column(primary_key=True)
    pot: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(BigInteger)
    cents: Mapped[int] = mapped_column(BigInteger)
    got_rounding_cent: Mapped[bool] = mapped_column(default=False)


class AllocationSlip(Base):
    """A usage slip counted in an allocation by use, with the amount it had then."""

    __tablename__ = "billing_allocation_slip"
    __table_args__ = (Index(None, "usage_id"),)

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    amount: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
