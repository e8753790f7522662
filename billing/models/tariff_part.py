"""Tables of what a tariff has beyond one price: lines, tiers, surcharges and variants.

A tariff that has priced a use keeps them as they are: the database refuses every change.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class TariffLine(Base):
    """An amount of a use with prices of its own. Position 0 is the use itself; its first price is in TariffPrice.

    Step and minimum of position 0 are those of the tariff. free_amount: free of each use, free_times of it.
    month_free_amount: free for a member in a calendar month. is_volume: the price of the tier reached holds for all.
    """

    __tablename__ = "billing_tariff_line"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint(
            "minimum_amount >= 0 AND step_amount > 0 AND free_amount >= 0 AND free_times > 0"
            " AND month_free_amount >= 0",
            name="not_negative",
        ),
        Index(None, "tariff_id", "name", unique=True),
    )

    tariff_id: Mapped[int] = mapped_column(ForeignKey("billing_tariff.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    charge_unit: Mapped[str]
    step_amount: Mapped[int] = mapped_column(BigInteger, default=1)
    minimum_amount: Mapped[int] = mapped_column(BigInteger, default=0)
    free_amount: Mapped[int] = mapped_column(BigInteger, default=0)
    free_times: Mapped[int] = mapped_column(default=1)
    month_free_amount: Mapped[int] = mapped_column(BigInteger, default=0)
    is_volume: Mapped[bool] = mapped_column(default=False)
    is_required: Mapped[bool] = mapped_column(default=False)


class TariffTier(Base):
    """The price of a line for a price class from an amount on, until the next tier begins.

    Tiers have no end of their own, so they can neither overlap nor leave a gap.
    """

    __tablename__ = "billing_tariff_tier"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tariff_id", "position"], ["billing_tariff_line.tariff_id", "billing_tariff_line.position"]
        ),
        CheckConstraint("price >= 0 AND from_amount >= 0", name="not_negative"),
        CheckConstraint("position > 0 OR from_amount > 0", name="first_price"),
    )

    tariff_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    price_class: Mapped[str] = mapped_column(ForeignKey("booking_price_class.code"), primary_key=True)
    from_amount: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))


class TariffAdjustment(Base):
    """A surcharge, or a discount below zero. kind and applies: see billing/prices/slip_pricing.py.

    The times, of a percentage only: see billing/prices/price_windows.py; null for none.
    """

    __tablename__ = "billing_tariff_adjustment"
    __table_args__ = (
        CheckConstraint("kind IN ('percent', 'fixed', 'per_unit')", name="kind"),
        CheckConstraint("applies IN ('always', 'chosen', 'times')", name="applies"),
        CheckConstraint(
            "(applies = 'times') = (weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL"
            " AND from_day IS NOT NULL AND until_day IS NOT NULL)",
            name="times",
        ),
        CheckConstraint("applies <> 'times' OR kind = 'percent'", name="times_of_percent"),
        Index(None, "tariff_id", "name", unique=True),
    )

    tariff_id: Mapped[int] = mapped_column(ForeignKey("billing_tariff.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    value: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    applies: Mapped[str]
    weekdays: Mapped[int | None]
    from_minute: Mapped[int | None]
    until_minute: Mapped[int | None]
    from_day: Mapped[int | None]
    until_day: Mapped[int | None]
