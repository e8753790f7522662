"""Posted allocations: the costs, slips and weights that they are computed from, and the line of each member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_allocation()
    _create_cost_group()
    _create_allocation_cost()
    _create_allocation_line()
    _create_allocation_slip()


def downgrade() -> None:
    op.drop_table("billing_allocation_slip")
    op.drop_table("billing_allocation_line")
    op.drop_table("billing_allocation_cost")
    op.drop_table("billing_cost_group")
    op.drop_table("billing_allocation")


def _create_allocation() -> None:
    op.create_table(
        "billing_allocation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_until", sa.Date, nullable=False),
        sa.Column("total_cents", sa.BigInteger, nullable=False),
        sa.Column("posted_at", UtcDateTime, nullable=False),
        sa.Column("posted_by", sa.Integer),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), unique=True),
        sa.Column("note", sa.String, nullable=False),
        sa.CheckConstraint("period_from <= period_until", name="period"),
        sa.Index(None, "pool_id", "period_from"),
    )


def _create_cost_group() -> None:
    op.create_table(
        "billing_cost_group",
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("shares_on", sa.Date),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("weight_sum", sa.BigInteger, nullable=False),
    )


def _create_allocation_cost() -> None:
    op.create_table(
        "billing_allocation_cost",
        sa.Column("allocation_id", sa.Integer, primary_key=True),
        sa.Column("cost_id", sa.Integer, sa.ForeignKey("billing_cost.id"), primary_key=True, index=True),
        sa.Column("group_number", sa.Integer, nullable=False),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("supplier", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("net_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("supplier <> '' AND kind <> ''", name="not_empty"),
        sa.ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
    )


def _create_allocation_line() -> None:
    op.create_table(
        "billing_allocation_line",
        sa.Column("allocation_id", sa.Integer, primary_key=True),
        sa.Column("group_number", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, index=True),
        sa.Column("weight", sa.BigInteger, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("got_rounding_cent", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
    )


def _create_allocation_slip() -> None:
    op.create_table(
        "billing_allocation_slip",
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
        sa.Column("usage_id", sa.Integer, sa.ForeignKey("booking_usage.id"), primary_key=True, index=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.CheckConstraint("amount >= 0", name="not_negative"),
    )
