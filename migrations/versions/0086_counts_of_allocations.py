"""Counts of the lines of allocations, and indexes: the page of an allocation reads what it shows, however many bear it.

The database counts the members who bear each cost group and the whole allocation (group 0), and the rounding cents. Lines are
append-only, so that nothing is ever subtracted. BEFORE INSERT, so that the lines before in the same statement are seen. An index finds
the largest lines of a group, another the members of a price class. Expand-only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

COUNT = "billing_allocation_count_add"
ADDED = """INSERT INTO billing_allocation_count (allocation_id, group_number, bearers, rounding_cents)
    VALUES (NEW.allocation_id, NEW.group_number, CASE WHEN NEW.weight > 0 THEN 1 ELSE 0 END,
        CASE WHEN NEW.got_rounding_cent THEN 1 ELSE 0 END)
    ON CONFLICT (allocation_id, group_number) DO UPDATE SET
        bearers = billing_allocation_count.bearers + excluded.bearers,
        rounding_cents = billing_allocation_count.rounding_cents + excluded.rounding_cents;
INSERT INTO billing_allocation_count (allocation_id, group_number, bearers, rounding_cents)
    VALUES (NEW.allocation_id, 0, CASE WHEN EXISTS (SELECT 1 FROM billing_allocation_line AS other
        WHERE other.allocation_id = NEW.allocation_id AND other.member_id = NEW.member_id) THEN 0 ELSE 1 END, 0)
    ON CONFLICT (allocation_id, group_number) DO UPDATE SET
        bearers = billing_allocation_count.bearers + excluded.bearers;"""
SQLITE = f"CREATE TRIGGER {COUNT} BEFORE INSERT ON billing_allocation_line BEGIN {ADDED} END"
POSTGRESQL_FUNCTION = f"""
CREATE FUNCTION {COUNT}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ADDED} RETURN NEW; END $$
"""
POSTGRESQL = f"CREATE TRIGGER {COUNT} BEFORE INSERT ON billing_allocation_line FOR EACH ROW EXECUTE FUNCTION {COUNT}()"
STORED = """INSERT INTO billing_allocation_count (allocation_id, group_number, bearers, rounding_cents)
    SELECT allocation_id, group_number, sum(CASE WHEN weight > 0 THEN 1 ELSE 0 END),
        sum(CASE WHEN got_rounding_cent THEN 1 ELSE 0 END)
    FROM billing_allocation_line GROUP BY allocation_id, group_number
    UNION ALL SELECT allocation_id, 0, count(DISTINCT member_id), 0 FROM billing_allocation_line GROUP BY allocation_id"""
LARGEST, OF_CLASS = "ix_billing_allocation_line_weight", "ix_booking_member_price_class"


def upgrade() -> None:
    op.create_table(
        "billing_allocation_count",
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
        sa.Column("group_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bearers", sa.Integer, nullable=False),
        sa.Column("rounding_cents", sa.Integer, nullable=False),
    )
    op.execute(STORED)
    op.create_index(LARGEST, "billing_allocation_line", ["allocation_id", "group_number", "weight", "member_id"])
    op.create_index(OF_CLASS, "booking_member", ["price_class"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {COUNT}")
    else:
        op.execute(f"DROP TRIGGER {COUNT} ON billing_allocation_line")
        op.execute(f"DROP FUNCTION {COUNT}()")
    op.drop_index(OF_CLASS, "booking_member")
    op.drop_index(LARGEST, "billing_allocation_line")
    op.drop_table("billing_allocation_count")
