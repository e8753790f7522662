"""What was entered for each reading of a meter, and which allocations divided by meters. Expand-only.

A reading that an effective allocation used stays: without that, a correction would change what the next period begins
with, and not what was posted. The rows of before are entered from what is stored.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0148"
down_revision = "0147"
branch_labels = None
depends_on = None

ENTRY, METERED, READING = "billing_meter_reading_entry", "billing_metered_allocation", "billing_meter_reading"
# An allocation uses the readings in its period, and of each meter the last one before it.
USED = """EXISTS (SELECT 1 FROM billing_meter
JOIN billing_allocation ON billing_allocation.pool_id = billing_meter.pool_id
JOIN billing_metered_allocation ON billing_metered_allocation.allocation_id = billing_allocation.id
WHERE billing_meter.id = {row}.meter_id AND billing_allocation.period_until >= {row}.read_on
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS mirror WHERE mirror.reverses_id = billing_allocation.id)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = {row}.meter_id
    AND nearer.read_on > {row}.read_on AND nearer.read_on < billing_allocation.period_from))"""
LOCK = (
    "PERFORM 1 FROM billing_pool WHERE id = (SELECT pool_id FROM billing_meter WHERE id = {row}.meter_id) FOR UPDATE;"
)
# Without a reading, the one after it is at least what the one before it says.
TORN = """EXISTS (SELECT 1 FROM billing_meter_reading AS before_it, billing_meter_reading AS after_it
WHERE before_it.id = (SELECT one.id FROM billing_meter_reading AS one WHERE one.meter_id = OLD.meter_id
    AND one.read_on < OLD.read_on ORDER BY one.read_on DESC LIMIT 1)
  AND after_it.id = (SELECT one.id FROM billing_meter_reading AS one WHERE one.meter_id = OLD.meter_id
    AND one.read_on > OLD.read_on ORDER BY one.read_on LIMIT 1)
  AND after_it.reading < COALESCE(before_it.restart, before_it.reading))"""
GUARDS = (
    Guard("billing_meter_reading_used", READING, ("INSERT",), USED.format(row="NEW"), LOCK.format(row="NEW")),
    Guard(
        "billing_meter_reading_used_change",
        READING,
        ("UPDATE",),
        f"{USED.format(row='OLD')} OR {USED.format(row='NEW')}",
        LOCK.format(row="OLD"),
    ),
    Guard(
        "billing_meter_reading_used_withdrawal", READING, ("DELETE",), USED.format(row="OLD"), LOCK.format(row="OLD")
    ),
    Guard("billing_meter_reading_goes_up_without", READING, ("DELETE",), TORN, LOCK.format(row="OLD")),
)


def upgrade() -> None:
    op.create_table(
        ENTRY,
        sa.Column("meter_id", sa.Integer, sa.ForeignKey("billing_meter.id"), primary_key=True),
        sa.Column("read_on", sa.Date, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reading", sa.BigInteger),
        sa.Column("restart", sa.BigInteger),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("entered_by", sa.Integer),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.CheckConstraint("reading >= 0 AND (restart IS NULL OR restart >= 0)", name="not_negative"),
        sa.CheckConstraint("reading IS NOT NULL OR restart IS NULL", name="withdrawn"),
    )
    op.create_table(
        METERED,
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
    )
    op.execute(
        f"INSERT INTO {ENTRY} (meter_id, read_on, number, reading, restart, entered_at, entered_by) "
        f"SELECT meter_id, read_on, 1, reading, restart, entered_at, entered_by FROM {READING}"
    )
    op.execute(
        f"INSERT INTO {METERED} (allocation_id) SELECT DISTINCT allocation_id FROM billing_cost_group "
        "JOIN billing_allocation ON billing_allocation.id = billing_cost_group.allocation_id "
        "WHERE reverses_id IS NULL AND REPLACE(CAST(working AS TEXT), ' ', '') LIKE '%\"base\":\"meter\"%'"
    )
    make_append_only(ENTRY, ("meter_id", "read_on", "number"))
    make_append_only(METERED, ("allocation_id",))
    for guard in GUARDS:
        create_guard(guard)


def downgrade() -> None:
    for guard in reversed(GUARDS):
        drop_guard(guard)
    for table in (METERED, ENTRY):
        drop_append_only(table)
        op.drop_table(table)
