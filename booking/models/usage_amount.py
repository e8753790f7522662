"""What a usage slip has beside the amount of the use: other amounts, and what was chosen."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class UsageAmount(Base):
    """An amount of a use beside the first one, by its name: kilometres, pigs. In small units of charge_unit."""

    __tablename__ = "booking_usage_amount"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="not_negative"),
        CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),
    )

    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    charge_unit: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class UsageChoice(Base):
    """What was chosen for a use, by its name: with operator, with fuel."""

    __tablename__ = "booking_usage_choice"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),)

    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
