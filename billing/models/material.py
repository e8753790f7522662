"""Tables of materials that a workshop sells, and of what comes into and leaves their stock."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, false, true
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.tariff import TAX_CODE_LENGTH
from booking.kernel.orm import Base, UtcDateTime


class Material(Base):
    """A material that a workshop sells. unit_price: euro for one unit, VAT included.

    may_go_below: it may be sold although the stock says that there is none. is_sold: False once it is sold no more.
    """

    __tablename__ = "billing_material"
    __table_args__ = (
        CheckConstraint("unit_price > 0", name="price"),
        CheckConstraint(TAX_CODE_LENGTH, name="tax_code"),
        Index("ix_billing_material_workshop_id", "workshop_id", "name", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    name: Mapped[str]
    unit: Mapped[str]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 4, asdecimal=True))
    tax_code: Mapped[str | None]
    may_go_below: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_sold: Mapped[bool] = mapped_column(default=True, server_default=true())
    revision: Mapped[int] = mapped_column(default=0)


class StockMove(Base):
    """What came into or left the stock of a material, in thousandths of its unit. Append-only.

    number: 1, 2, 3 ... of the material; stock: after it. The database refuses another stock than the one before and the
    quantity make, and one below zero unless the material says so: the stock of a material is that of its last move.
    kind: receipt of goods, sale (a fee takes), giving back (that fee was taken back), count (stocktaking).
    usage_id: the slip of the use for which it was taken.
    """

    __tablename__ = "billing_stock_move"
    __table_args__ = (
        CheckConstraint("kind IN ('receipt', 'sale', 'return', 'count')", name="kind"),
        CheckConstraint("(kind IN ('sale', 'return')) = (fee_id IS NOT NULL)", name="fee"),
        CheckConstraint("quantity <> 0 AND (kind = 'count' OR (quantity < 0) = (kind = 'sale'))", name="quantity"),
        Index("ix_billing_stock_move_material_id", "material_id", "number", unique=True),
        Index("ix_billing_stock_move_fee_id", "fee_id", unique=True),
        Index("ix_billing_stock_move_usage_id", "usage_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("billing_material.id"))
    number: Mapped[int]
    kind: Mapped[str]
    quantity: Mapped[int] = mapped_column(BigInteger)
    stock: Mapped[int] = mapped_column(BigInteger)
    fee_id: Mapped[int | None] = mapped_column(ForeignKey("billing_fee.id"))
    usage_id: Mapped[int | None] = mapped_column(ForeignKey("booking_usage.id"))
    note: Mapped[str] = mapped_column(default="")
    form_key: Mapped[str | None] = mapped_column(unique=True)  # idempotency key of the caller
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None]  # user id
