"""Materials that a workshop sells, and the moves of their stock. Expand-only.

The moves of a material are a chain: each states the stock after it, which the guards compare with the one before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0141"
down_revision = "0140"
branch_labels = None
depends_on = None

MOVE = "billing_stock_move"
BEFORE = f"FROM {MOVE} AS former WHERE former.material_id = NEW.material_id AND former.number = NEW.number - 1"
LOCK = "PERFORM 1 FROM billing_material WHERE id = NEW.material_id FOR UPDATE;"
CHAIN = Guard(
    "billing_stock_move_chain",
    MOVE,
    ("INSERT",),
    f"NEW.stock <> NEW.quantity + coalesce((SELECT former.stock {BEFORE}), 0) "
    f"OR NEW.number < 1 OR (NEW.number > 1 AND NOT EXISTS (SELECT 1 {BEFORE}))",
    LOCK,
)
BELOW_ZERO = Guard(
    "billing_stock_move_below_zero",
    MOVE,
    ("INSERT",),
    "NEW.stock < 0 AND NEW.quantity < 0 AND NOT (SELECT may_go_below FROM billing_material WHERE id = NEW.material_id)",
    LOCK,
)


def upgrade() -> None:
    op.create_table(
        "billing_material",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 4), nullable=False),
        sa.Column("tax_code", sa.String),
        sa.Column("may_go_below", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("is_sold", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("unit_price > 0", name="price"),
        sa.CheckConstraint("length(tax_code) BETWEEN 1 AND 12", name="tax_code"),
        sa.Index("ix_billing_material_workshop_id", "workshop_id", "name", unique=True),
    )
    op.create_table(
        MOVE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("material_id", sa.Integer, sa.ForeignKey("billing_material.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("quantity", "stock")),
        sa.Column("fee_id", sa.Integer, sa.ForeignKey("billing_fee.id")),
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id")),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("form_key", sa.String, unique=True),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.Integer),
        sa.CheckConstraint("kind IN ('receipt', 'sale', 'return', 'count')", name="kind"),
        sa.CheckConstraint("(kind IN ('sale', 'return')) = (fee_id IS NOT NULL)", name="fee"),
        sa.CheckConstraint("quantity <> 0 AND (kind = 'count' OR (quantity < 0) = (kind = 'sale'))", name="quantity"),
        sa.Index("ix_billing_stock_move_material_id", "material_id", "number", unique=True),
        sa.Index("ix_billing_stock_move_fee_id", "fee_id", unique=True),
        sa.Index("ix_billing_stock_move_usage_id", "usage_id"),
    )
    make_append_only(MOVE, ("id",), ("material_id", "number"), ("fee_id",), ("form_key",))
    create_guard(CHAIN)
    create_guard(BELOW_ZERO)


def downgrade() -> None:
    drop_guard(BELOW_ZERO)
    drop_guard(CHAIN)
    drop_append_only(MOVE)
    op.drop_table(MOVE)
    op.drop_table("billing_material")
