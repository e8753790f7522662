"""The table of what the costs of a machine are calculated from."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class MachineCost(Base):
    """What the costs of a machine per year and per unit are calculated from; see billing/pools/machine_costs.py.

    charge_unit: in which life_use, planned_use and the prices are meant; planned_use: per year. contractor_price: euro
    per unit; None where nobody offers the work.
    """

    __tablename__ = "billing_machine_cost"
    __table_args__ = (
        CheckConstraint("new_value_cents > 0 AND residual_cents BETWEEN 0 AND new_value_cents", name="values"),
        CheckConstraint("life_years BETWEEN 1 AND 60 AND (life_use IS NULL OR life_use > 0)", name="life"),
        CheckConstraint(
            "interest_percent BETWEEN 0 AND 100 AND insurance_percent BETWEEN 0 AND 100", name="percentages"
        ),
        CheckConstraint(
            "housing_cents >= 0 AND other_cents >= 0 AND repair_price >= 0 AND supplies >= 0 AND supplies_price >= 0",
            name="not_negative",
        ),
        CheckConstraint("planned_use >= 0 AND (contractor_price IS NULL OR contractor_price >= 0)", name="use"),
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), primary_key=True, autoincrement=False)
    charge_unit: Mapped[str]
    new_value_cents: Mapped[int] = mapped_column(BigInteger)
    residual_cents: Mapped[int] = mapped_column(BigInteger)
    life_years: Mapped[int]
    life_use: Mapped[Decimal | None] = mapped_column(Numeric(12, 4, asdecimal=True))
    interest_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4, asdecimal=True))
    insurance_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4, asdecimal=True))
    housing_cents: Mapped[int] = mapped_column(BigInteger)
    other_cents: Mapped[int] = mapped_column(BigInteger)
    repair_price: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    supplies: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    supplies_price: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    planned_use: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    contractor_price: Mapped[Decimal | None] = mapped_column(Numeric(12, 4, asdecimal=True))
    revision: Mapped[int] = mapped_column(default=0)
