"""The guard of reversals: each has the opposite total of an allocation that is not itself a reversal."""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

REVERSAL_MIRRORS = Guard(
    "billing_reversal_mirrors",
    "billing_allocation",
    ("INSERT",),
    "NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_allocation AS original "
    "WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL "
    "AND original.total_cents = -NEW.total_cents)",
)


def upgrade() -> None:
    create_guard(REVERSAL_MIRRORS)


def downgrade() -> None:
    drop_guard(REVERSAL_MIRRORS)
