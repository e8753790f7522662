"""Cost pools, their costs, and the shares of members in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_pool",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False, index=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "billing_cost",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("supplier", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("net_cents", sa.BigInteger, nullable=False),
        sa.Column("tax_code", sa.String),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("entered_by", sa.Integer),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("form_key", sa.String, index=True, unique=True),
        sa.CheckConstraint("net_cents <> 0", name="not_zero"),
        sa.CheckConstraint("length(tax_code) BETWEEN 1 AND 12", name="tax_code"),
        sa.Index(None, "pool_id", "service_date"),
    )
    op.create_table(
        "billing_share",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("shares", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.CheckConstraint("shares >= 0", name="not_negative"),
        sa.Index(None, "pool_id", "member_id", "valid_from", unique=True),
    )


def downgrade() -> None:
    op.drop_table("billing_share")
    op.drop_table("billing_cost")
    op.drop_table("billing_pool")
