"""Tables of the costs that come again each period, and of the budget of a pool."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class RecurringCost(Base):
    """A cost that a pool has each month, quarter or year: insurance, depreciation, rent. It is proposed, never entered.

    first_on: the day of the first one. last_on: none begins after it; null: no end.
    """

    __tablename__ = "billing_recurring_cost"
    __table_args__ = (
        CheckConstraint("every_months IN (1, 3, 12)", name="every_months"),
        CheckConstraint("net_cents > 0", name="positive"),
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="last_on"),
        Index(None, "pool_id", "name", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    name: Mapped[str]
    supplier: Mapped[str]
    kind: Mapped[str]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    every_months: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    revision: Mapped[int] = mapped_column(default=0)


class RecurringPeriod(Base):
    """The answer to a proposal: the cost that was entered for a period, or null where there is none.

    The key refuses a second answer for a period, and a guard a cost of another pool.
    """

    __tablename__ = "billing_recurring_period"
    __table_args__ = (Index(None, "cost_id", unique=True),)

    recurring_id: Mapped[int] = mapped_column(ForeignKey("billing_recurring_cost.id"), primary_key=True)
    begins_on: Mapped[date] = mapped_column(primary_key=True)
    cost_id: Mapped[int | None] = mapped_column(ForeignKey("billing_cost.id"))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None]  # user id


class Budget(Base):
    """What a pool is expected to cost in a calendar year, by kind of cost."""

    __tablename__ = "billing_budget"
    __table_args__ = (
        CheckConstraint("year BETWEEN 1990 AND 2099", name="year"),
        CheckConstraint("net_cents >= 0", name="not_negative"),
    )

    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    net_cents: Mapped[int] = mapped_column(BigInteger)
