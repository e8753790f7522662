"""Tables of what a cost pool counts, from a day on, where that is more than its one machine."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class PoolScope(Base):
    """What a pool counts from a day on: some machines, a group, a workshop or the whole ring.

    Before its first row a pool counts the machine that it was opened for.
    """

    __tablename__ = "billing_pool_scope"
    __table_args__ = (
        CheckConstraint("what IN ('machines', 'group', 'workshop', 'ring')", name="what"),
        CheckConstraint("(what = 'group') = (group_id IS NOT NULL)", name="group"),
        CheckConstraint("(what = 'workshop') = (workshop_id IS NOT NULL)", name="workshop"),
        Index(None, "pool_id", "valid_from", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("billing_pool.id"))
    valid_from: Mapped[date]
    what: Mapped[str]
    group_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine_group.id"), index=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("booking_workshop.id"), index=True)


class PoolScopeMachine(Base):
    """One of the machines that a pool counts from a day on."""

    __tablename__ = "billing_pool_scope_machine"

    scope_id: Mapped[int] = mapped_column(ForeignKey("billing_pool_scope.id"), primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), primary_key=True, index=True)
