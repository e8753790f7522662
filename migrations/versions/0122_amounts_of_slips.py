"""Usage slips with further amounts and choices. Expand-only: slips that exist have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0122"
down_revision = "0121"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_usage_amount",
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount >= 0", name="not_negative"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),
    )
    op.create_table(
        "booking_usage_choice",
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),
    )


def downgrade() -> None:
    op.drop_table("booking_usage_choice")
    op.drop_table("booking_usage_amount")
