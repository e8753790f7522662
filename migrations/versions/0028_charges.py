"""Charges of usage slips, and slips without a price.

The charges of a slip are numbered: odd ones charge, even ones reverse the one before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_charge",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("tariff_id", sa.Integer, sa.ForeignKey("billing_tariff.id"), nullable=False),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code"), nullable=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("charged_amount", sa.BigInteger, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("calculation", sa.JSON, nullable=False),
        sa.Column("tax_code", sa.String),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey("billing_charge.id"), unique=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("length(tax_code) BETWEEN 1 AND 12", name="tax_code"),
        sa.CheckConstraint("(number % 2 = 0) = (reverses_id IS NOT NULL)", name="even_reverses"),
        sa.Index(None, "member_id", "service_date"),
        sa.Index(None, "machine_id", "service_date"),
        sa.Index(None, "usage_id", "number", unique=True),
    )
    op.create_table(
        "billing_unpriced",
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id"), primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("noted_at", UtcDateTime, nullable=False),
        sa.Index(None, "machine_id", "service_date"),
    )


def downgrade() -> None:
    op.drop_table("billing_unpriced")
    op.drop_table("billing_charge")
