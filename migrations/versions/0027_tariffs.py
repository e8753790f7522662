"""Tariffs: the prices of one unit of use of a machine, by price class, and the day from which they are valid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_tariff",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("minimum_cents", sa.Integer, nullable=False),
        sa.Column("minimum_amount", sa.Integer, nullable=False),
        sa.Column("step_amount", sa.Integer, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("tax_code", sa.String),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("minimum_cents >= 0 AND minimum_amount >= 0 AND step_amount > 0", name="not_negative"),
        sa.CheckConstraint("length(tax_code) BETWEEN 1 AND 12", name="tax_code"),
        sa.CheckConstraint("basis IN ('used', 'larger', 'booked')", name="basis"),
        sa.Index(None, "machine_id", "valid_from", "version", unique=True),
    )
    op.create_table(
        "billing_tariff_price",
        sa.Column("tariff_id", sa.Integer, sa.ForeignKey("billing_tariff.id"), primary_key=True),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code"), primary_key=True),
        sa.Column("price", sa.Numeric(12, 4), nullable=False),
        sa.CheckConstraint("price >= 0", name="not_negative"),
    )


def downgrade() -> None:
    op.drop_table("billing_tariff_price")
    op.drop_table("billing_tariff")
