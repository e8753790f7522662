"""Costs that come again each period, what was answered to their proposals, and budgets of pools.

Expand-only: tables of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.guards import Guard, create_guard, drop_guard

revision = "0136"
down_revision = "0135"
branch_labels = None
depends_on = None

GUARD = Guard(
    "billing_recurring_period_same_pool",
    "billing_recurring_period",
    ("INSERT", "UPDATE"),
    "EXISTS (SELECT 1 FROM billing_cost AS cost, billing_recurring_cost AS recurring WHERE cost.id = NEW.cost_id "
    "AND recurring.id = NEW.recurring_id AND cost.pool_id <> recurring.pool_id)",
)


def upgrade() -> None:
    op.create_table(
        "billing_recurring_cost",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("supplier", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("net_cents", sa.BigInteger, nullable=False),
        sa.Column("every_months", sa.Integer, nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("last_on", sa.Date),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("every_months IN (1, 3, 12)", name="every_months"),
        sa.CheckConstraint("net_cents > 0", name="positive"),
        sa.CheckConstraint("last_on IS NULL OR last_on >= first_on", name="last_on"),
        sa.Index(None, "pool_id", "name", unique=True),
    )
    op.create_table(
        "billing_recurring_period",
        sa.Column("recurring_id", sa.Integer, sa.ForeignKey("billing_recurring_cost.id"), primary_key=True),
        sa.Column("begins_on", sa.Date, primary_key=True),
        sa.Column("cost_id", sa.Integer, sa.ForeignKey("billing_cost.id")),
        sa.Column("answered_at", UtcDateTime, nullable=False),
        sa.Column("answered_by", sa.Integer),
        sa.Index(None, "cost_id", unique=True),
    )
    create_guard(GUARD)
    op.create_table(
        "billing_budget",
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("net_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("year BETWEEN 1990 AND 2099", name="year"),
        sa.CheckConstraint("net_cents >= 0", name="not_negative"),
    )


def downgrade() -> None:
    op.drop_table("billing_budget")
    drop_guard(GUARD)
    op.drop_table("billing_recurring_period")
    op.drop_table("billing_recurring_cost")
