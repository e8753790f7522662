"""Tables of cost pools, actual costs, and the allocations that divide them among members."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.tariff import TAX_CODE_LENGTH
from booking.kernel.orm import Base, UtcDateTime


class Share(Base):
    """The number of shares of a pool that a member holds from a day on; 0 ends the holding.

    They end with the membership, unless the treasurer entered that they outlast it.
    """

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
    outlasts_membership: Mapped[bool] = mapped_column(default=False)


class Pool(Base):
    """The costs of a machine, or of several, to be divided among members.

    machine_id: the machine that it counts; counts_machine: whether it has always been this one. If not, what it counts
    is in billing_pool_scope, and before the first day there it is this one. rules: kind of cost -> key ("use",
    "shares", "head"). Costs with the same key and weights form a cost group. excludes_guests: members of the price
    class "guest" bear none of the costs. charges_are: what the usage charges are: "income" (owed beside the share of
    the costs) or "advance" (they count against that share); None until the treasurer has answered. At most one pool
    counts the charges of a machine.
    """

    __tablename__ = "billing_pool"
    __table_args__ = (
        CheckConstraint("charges_are IN ('income', 'advance')", name="charges_are"),
        Index(
            "ix_billing_pool_counting",
            "machine_id",
            unique=True,
            sqlite_where=text("charges_are = 'advance' AND counts_machine"),
            postgresql_where=text("charges_are = 'advance' AND counts_machine"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    rules: Mapped[dict[str, str]] = mapped_column(JSON)
    excludes_guests: Mapped[bool] = mapped_column(default=False)
    charges_are: Mapped[str | None]
    counts_machine: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=0)


class Cost(Base):
    """One actual cost of a pool: a bill, net. Negative for a supplier's credit.

    The database refuses to change a cost while it is in an effective allocation, and to delete one that was ever
    in an allocation.
    """

    __tablename__ = "billing_cost"
    __table_args__ = (
        CheckConstraint("net_cents <> 0", name="not_zero"),
        CheckConstraint(TAX_CODE_LENGTH, name="tax_code"),
        Index(None, "pool_id", "service_date"),
        Index(None, "service_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    service_date: Mapped[date]
    supplier: Mapped[str]
    kind: Mapped[str]  # fixed, variable, repair ...: a key of the pool's rules
    document: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    net_cents: Mapped[int] = mapped_column(BigInteger)
    tax_code: Mapped[str | None]  # None: as entered, no tax is computed
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None]  # user id
    form_key: Mapped[str | None] = mapped_column(unique=True, index=True)  # idempotency key of the form
    revision: Mapped[int] = mapped_column(default=0)


class Allocation(Base):
    """Costs of a pool for a period, divided among members and posted. Append-only.

    A reversal (reverses_id) is the exact mirror: the same groups, costs and lines with the opposite sign.
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
    """A cost in an allocation, as it was when it was posted.

    The database ensures that a cost is in at most one effective allocation.
    """

    __tablename__ = "billing_allocation_cost"
    __table_args__ = (
        ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
        CheckConstraint("supplier <> '' AND kind <> ''", name="not_empty"),
    )

    allocation_id: Mapped[int] = mapped_column(primary_key=True)
    cost_id: Mapped[int] = mapped_column(ForeignKey("billing_cost.id"), primary_key=True, index=True)
    group_number: Mapped[int]
    service_date: Mapped[date]
    supplier: Mapped[str]
    kind: Mapped[str]
    document: Mapped[str]
    net_cents: Mapped[int] = mapped_column(BigInteger)


class AllocationCostGroup(Base):
    """The costs of an allocation that are divided together by one key.

    shares_on: for the keys "shares" and "head", the day whose shares apply. charge_unit: for the key "use",
    the unit of the weights. working: for the key "own", what it consisted of (billing.preview_models.Working).
    """

    __tablename__ = "billing_cost_group"

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 ... within the allocation
    key: Mapped[str]  # use, shares, head, own
    kinds: Mapped[list[str]] = mapped_column(JSON)
    shares_on: Mapped[date | None]
    charge_unit: Mapped[str] = mapped_column(default="")
    cents: Mapped[int] = mapped_column(BigInteger)
    weight_sum: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class AllocationLine(Base):
    """A member's part of a cost group: weight and cents."""

    __tablename__ = "billing_allocation_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
        Index(None, "member_id"),
        Index("ix_billing_allocation_line_bearer", "allocation_id", "member_id"),
        Index("ix_billing_allocation_line_weight", "allocation_id", "group_number", "weight", "member_id"),
    )

    allocation_id: Mapped[int] = mapped_column(primary_key=True)
    group_number: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(BigInteger)
    cents: Mapped[int] = mapped_column(BigInteger)
    got_rounding_cent: Mapped[bool] = mapped_column(default=False)


class AllocationCount(Base):
    """How many members bear a cost group, and how many got a rounding cent; group_number 0: the whole allocation.

    The database counts each line that is inserted.
    """

    __tablename__ = "billing_allocation_count"

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    group_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bearers: Mapped[int]
    rounding_cents: Mapped[int]


class AllocationSlip(Base):
    """A usage slip counted in an allocation by use, with its amount at that time."""

    __tablename__ = "billing_allocation_slip"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="not_negative"),
        Index(None, "usage_id"),
        Index("ix_billing_allocation_slip_member", "member_id", "allocation_id", "usage_id"),
    )

    allocation_id: Mapped[int] = mapped_column(ForeignKey("billing_allocation.id"), primary_key=True)
    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    service_date: Mapped[date]
    amount: Mapped[int]
