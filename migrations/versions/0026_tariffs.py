"""Tariffs: the price of one unit of use of a machine, by the day from which it is valid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0026"
down_revision = "0025"
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
        sa.Column("member_price", sa.Numeric(12, 4), nullable=False),
        sa.Column("guest_price", sa.Numeric(12, 4), nullable=False),
        sa.Column("minimum_cents", sa.Integer, nullable=False),
        sa.Column("minimum_amount", sa.Integer, nullable=False),
        sa.Column("step_amount", sa.Integer, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("minimum_cents >= 0 AND minimum_amount >= 0 AND step_amount > 0", name="not_negative"),
        sa.CheckConstraint("basis IN ('used', 'larger', 'booked')", name="basis"),
        sa.CheckConstraint("member_price >= 0 AND guest_price >= 0", name="prices"),
        sa.Index(None, "machine_id", "valid_from", "version", unique=True),
    )


def downgrade() -> None:
    op.drop_table("billing_tariff")
