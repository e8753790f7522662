"""The guards of costs: each is in at most one effective allocation, and is not changed while it is.

An allocation is effective unless it is a reversal or reversed.
"""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

EFFECTIVE_ALLOCATION = """
SELECT 1 FROM billing_allocation_cost AS allocated
JOIN billing_allocation AS posted ON posted.id = allocated.allocation_id
WHERE allocated.cost_id = {cost_id} AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
"""

ALLOCATED_ONCE = Guard(
    "billing_cost_once",
    "billing_allocation_cost",
    ("INSERT",),
    "(SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL "
    f"AND EXISTS ({EFFECTIVE_ALLOCATION.format(cost_id='NEW.cost_id')})",
    lock="PERFORM 1 FROM billing_cost WHERE id = NEW.cost_id FOR UPDATE;",
)
ALLOCATED_COST = Guard(
    "billing_cost_kept",
    "billing_cost",
    ("UPDATE", "DELETE"),
    f"EXISTS ({EFFECTIVE_ALLOCATION.format(cost_id='OLD.id')})",
)


def upgrade() -> None:
    create_guard(ALLOCATED_ONCE)
    create_guard(ALLOCATED_COST)


def downgrade() -> None:
    drop_guard(ALLOCATED_COST)
    drop_guard(ALLOCATED_ONCE)
