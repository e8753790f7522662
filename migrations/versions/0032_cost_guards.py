"""The guards of costs: each is in at most one allocation that counts, and is not changed while it is.

An allocation counts unless it is reversed.
"""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

LIVE_ALLOCATION = """
SELECT 1 FROM billing_allocation_cost AS taken
JOIN billing_allocation AS posted ON posted.id = taken.allocation_id
WHERE taken.cost_id = {cost_id} AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
"""

ALLOCATED_ONCE = Guard(
    "billing_cost_once",
    "billing_allocation_cost",
    ("INSERT",),
    "(SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL "
    f"AND EXISTS ({LIVE_ALLOCATION.format(cost_id='NEW.cost_id')})",
    lock="PERFORM 1 FROM billing_cost WHERE id = NEW.cost_id FOR UPDATE;",
)
ALLOCATED_COST = Guard(
    "billing_cost_kept",
    "billing_cost",
    ("UPDATE", "DELETE"),
    f"EXISTS ({LIVE_ALLOCATION.format(cost_id='OLD.id')})",
)


def upgrade() -> None:
    create_guard(ALLOCATED_ONCE)
    create_guard(ALLOCATED_COST)


def downgrade() -> None:
    drop_guard(ALLOCATED_COST)
    drop_guard(ALLOCATED_ONCE)
