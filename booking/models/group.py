"""Groups of machines that stand in for each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

NAME_LENGTH_MAX = 120
RANK_MAX = 99


class MachineGroup(Base):
    """Machines of one workshop of which any will do: who reserves the group gets one of them.

    Retired, never deleted; a retired group has no machines.
    """

    __tablename__ = "booking_machine_group"
    __table_args__ = (
        CheckConstraint(f"name <> '' AND length(name) <= {NAME_LENGTH_MAX}", name="name_length"),
        Index(None, "workshop_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    name: Mapped[str]
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)


class GroupMachine(Base):
    """A machine in a group. The machine is the key, so it is in one group at most.

    rank: 1 is taken first. Machines of equal rank are twins; a larger or dearer machine has a higher rank.
    """

    __tablename__ = "booking_group_machine"
    __table_args__ = (CheckConstraint(f"rank BETWEEN 1 AND {RANK_MAX}", name="rank"),)

    machine_id: Mapped[int] = mapped_column(
        ForeignKey("booking_machine.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    group_id: Mapped[int] = mapped_column(ForeignKey("booking_machine_group.id"), index=True)
    rank: Mapped[int]
