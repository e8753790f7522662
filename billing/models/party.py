"""Tables of who issues and receives documents: bank details, tax numbers, VAT regimes by date; rates of VAT by date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base

RING = 0  # the party id of the ring


class Party(Base):
    """What documents need of the ring or of a member, beside name and address.

    id: that of the member; 0: the ring. iban, creditor_id: in capitals, without spaces. leitweg_id: the recipient is a
    public body that wants XRechnung. contact_*: whom a recipient may ask, on e-invoices.
    """

    __tablename__ = "billing_party"
    __table_args__ = (CheckConstraint("coalesce(member_id, 0) = id", name="ring_or_member"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id"), unique=True)
    vat_id: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    creditor_id: Mapped[str] = mapped_column(default="")
    document_email: Mapped[str] = mapped_column(default="")
    leitweg_id: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")
    contact_phone: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)


class VatRegime(Base):
    """How a party is taxed from a day on, until its next row begins.

    There is no end of its own, and the key allows one row a day: two regimes can never overlap.
    """

    __tablename__ = "billing_vat_regime"
    __table_args__ = (CheckConstraint("regime IN ('regular', 'small', 'flat_rate', 'outside')", name="regime"),)

    party_id: Mapped[int] = mapped_column(ForeignKey("billing_party.id"), primary_key=True, autoincrement=False)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    regime: Mapped[str]


class VatRate(Base):
    """A rate of VAT in percent from a day on, until the next row of the code begins.

    known_until: the last day for which it is known to hold; None: until another one is entered.
    """

    __tablename__ = "billing_vat_rate"
    __table_args__ = (
        CheckConstraint("code IN ('standard', 'reduced', 'flat_rate')", name="code"),
        CheckConstraint("percent >= 0 AND percent < 100", name="percent"),
        CheckConstraint("known_until IS NULL OR known_until >= valid_from", name="days"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2, asdecimal=True))
    known_until: Mapped[date | None]
