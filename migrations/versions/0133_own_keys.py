"""Keys that a ring composes itself, meters of members with their readings, and what a key measured.

Expand-only: tables of their own, and a column that is null for every cost group that there is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0133"
down_revision = "0132"
branch_labels = None
depends_on = None

AMOUNT = "billing_allocation_amount"
# Readings go up: each is at least what the meter showed since the one before it, and the next at least what it shows.
# A row is its own neighbour only where its day is changed, which no use case does.
NEIGHBOUR = """EXISTS (SELECT 1 FROM billing_meter_reading AS other
WHERE other.meter_id = NEW.meter_id AND other.read_on {before} NEW.read_on AND {wrong}
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on {before} NEW.read_on AND other.read_on {before} nearer.read_on))"""
GUARD = Guard(
    "billing_meter_reading_goes_up",
    "billing_meter_reading",
    ("INSERT", "UPDATE"),
    NEIGHBOUR.format(before="<", wrong="COALESCE(other.restart, other.reading) > NEW.reading")
    + " OR "
    + NEIGHBOUR.format(before=">", wrong="other.reading < COALESCE(NEW.restart, NEW.reading)"),
    lock="PERFORM 1 FROM billing_meter WHERE id = NEW.meter_id FOR UPDATE;",
)


def upgrade() -> None:
    _create_keys()
    _create_meters()
    op.add_column("billing_cost_group", sa.Column("working", sa.JSON))
    op.create_table(
        AMOUNT,
        sa.Column("allocation_id", sa.Integer, primary_key=True),
        sa.Column("group_number", sa.Integer, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, index=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id", "group_number"],
            ["billing_cost_group.allocation_id", "billing_cost_group.number"],
        ),
        sa.CheckConstraint("amount >= 0", name="not_negative"),
    )
    make_append_only(AMOUNT, ("allocation_id", "group_number", "part", "member_id"))


def downgrade() -> None:
    drop_append_only(AMOUNT)
    op.drop_table(AMOUNT)
    op.drop_column("billing_cost_group", "working")
    drop_guard(GUARD)
    for table in ("billing_meter_reading", "billing_meter"):
        op.drop_table(table)
    for table in ("billing_pool_key_percent", "billing_pool_key_terms", "billing_pool_key"):
        op.drop_table(table)


def _create_keys() -> None:
    op.create_table(
        "billing_pool_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Index(None, "pool_id", "name", unique=True),
    )
    op.create_table(
        "billing_pool_key_terms",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key_id", sa.Integer, sa.ForeignKey("billing_pool_key.id"), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("minimum", sa.BigInteger, nullable=False),
        sa.Column("cap", sa.Integer),
        sa.Column("meter_unit", sa.String, nullable=False),
        sa.CheckConstraint("minimum >= 0", name="minimum"),
        sa.CheckConstraint("cap IS NULL OR cap BETWEEN 1 AND 1000000", name="cap"),
        sa.Index(None, "key_id", "valid_from", unique=True),
    )
    op.create_table(
        "billing_pool_key_percent",
        sa.Column("terms_id", sa.Integer, sa.ForeignKey("billing_pool_key_terms.id"), primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, index=True),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 1000000", name="percent"),
    )


def _create_meters() -> None:
    op.create_table(
        "billing_meter",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False, index=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Index(None, "pool_id", "name", unique=True),
    )
    op.create_table(
        "billing_meter_reading",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("meter_id", sa.Integer, sa.ForeignKey("billing_meter.id"), nullable=False),
        sa.Column("read_on", sa.Date, nullable=False),
        sa.Column("reading", sa.BigInteger, nullable=False),
        sa.Column("restart", sa.BigInteger),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("entered_by", sa.Integer),
        sa.CheckConstraint("reading >= 0 AND (restart IS NULL OR restart >= 0)", name="not_negative"),
        sa.Index(None, "meter_id", "read_on", unique=True),
    )
    create_guard(GUARD)
