"""Tables of tariffs and of the charges calculated by them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Numeric, false, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

TAX_CODE_LENGTH = "length(tax_code) BETWEEN 1 AND 12"  # null passes a CHECK


class Tariff(Base):
    """The price of one charge unit of a machine from a day on, until the next tariff of the machine begins.

    Validity has no end of its own, so two tariffs can never overlap. A tariff that has priced a use is never changed,
    nor are its prices (the database refuses it): a correction is a higher version for the same day, and the highest
    version applies. charge_unit: hour, hectare ...; minimum_amount and step_amount are in small units: use is rounded
    up to whole steps, then raised to the minimum. tax_code: of VAT (billing/documents/treatment.py); None means "as
    entered", no tax is computed. price_includes_vat: all its prices, minimum and cap do; else that VAT is added to the
    price of a use, by the rate of its day.
    has_parts: it has lines, tiers or surcharges (models/tariff_part.py). cap_day_cents: the most that a member pays for
    a day.
    """

    __tablename__ = "billing_tariff"
    __table_args__ = (
        CheckConstraint("minimum_cents >= 0 AND minimum_amount >= 0 AND step_amount > 0", name="not_negative"),
        CheckConstraint(TAX_CODE_LENGTH, name="tax_code"),
        CheckConstraint("basis IN ('used', 'larger', 'booked')", name="basis"),
        CheckConstraint("cap_day_cents > 0", name="cap"),
        CheckConstraint("price_includes_vat OR tax_code IS NOT NULL", name="vat"),
        Index(None, "machine_id", "valid_from", "version", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    valid_from: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    charge_unit: Mapped[str]
    minimum_cents: Mapped[int] = mapped_column(default=0)
    minimum_amount: Mapped[int] = mapped_column(default=0)
    step_amount: Mapped[int] = mapped_column(default=1)
    basis: Mapped[str] = mapped_column(default="used")  # used, booked, or the larger of the two
    tax_code: Mapped[str | None]
    price_includes_vat: Mapped[bool] = mapped_column(default=True, server_default=true())
    note: Mapped[str] = mapped_column(default="")
    has_parts: Mapped[bool] = mapped_column(default=False, server_default=false())
    cap_day_cents: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)


class TariffPrice(Base):
    """The price of a tariff for a price class: an exact decimal, in euro per charge unit."""

    __tablename__ = "billing_tariff_price"
    __table_args__ = (CheckConstraint("price >= 0", name="not_negative"),)

    tariff_id: Mapped[int] = mapped_column(ForeignKey("billing_tariff.id"), primary_key=True)
    price_class: Mapped[str] = mapped_column(ForeignKey("booking_price_class.code"), primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))


class Unpriced(Base):
    """A usage slip without a price.

    No tariff was valid on its day, or the tariff has another unit or no price for the member's class.
    """

    __tablename__ = "billing_unpriced"
    __table_args__ = (Index(None, "machine_id", "service_date"),)

    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"), primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    service_date: Mapped[date]
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Charge(Base):
    """The price of one use. Append-only: a correction is a reversal (reverses_id) and a new charge.

    The rows of a slip are numbered: odd ones are charges, even ones reverse the one before. The unique index makes
    sure that concurrent workers post at most one effective charge for a slip. cents: what is owed, VAT included;
    added_vat_cents: of it what was added to the prices of the tariff, 0 where they include VAT.
    """

    __tablename__ = "billing_charge"
    __table_args__ = (
        CheckConstraint(TAX_CODE_LENGTH, name="tax_code"),
        CheckConstraint("(number % 2 = 0) = (reverses_id IS NOT NULL)", name="even_reverses"),
        Index(None, "member_id", "service_date"),
        Index(None, "machine_id", "service_date"),
        Index(None, "usage_id", "number", unique=True),
        Index("ix_billing_charge_posted", "created_at", "id"),
        Index("ix_billing_charge_machine_posted", "machine_id", "created_at", "id"),
        Index("ix_billing_charge_member_posted", "member_id", "created_at", "id"),
        Index("ix_billing_charge_day", "service_date", "cents"),  # the sums of days
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    usage_id: Mapped[int] = mapped_column(ForeignKey("booking_usage.id"))
    number: Mapped[int] = mapped_column(default=1)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    tariff_id: Mapped[int] = mapped_column(ForeignKey("billing_tariff.id"))
    service_date: Mapped[date]
    price_class: Mapped[str] = mapped_column(ForeignKey("booking_price_class.code"))
    charge_unit: Mapped[str]
    charged_amount: Mapped[int] = mapped_column(BigInteger)  # small units, after step and minimum
    cents: Mapped[int] = mapped_column(BigInteger)
    added_vat_cents: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    calculation: Mapped[dict[str, Any]] = mapped_column(JSON)  # a PriceCalculation
    tax_code: Mapped[str | None]  # of the tariff
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_charge.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChargeTotal(Base):
    """The sum of all charges and reversals of a day of service. The database adds each charge when it is inserted."""

    __tablename__ = "billing_charge_total"

    service_date: Mapped[date] = mapped_column(primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
