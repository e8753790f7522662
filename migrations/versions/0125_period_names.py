"""A period is not replaced by another of its name: SQLite's INSERT OR REPLACE would delete a closed one unseen.

It fires no trigger on DELETE, and a replacing row with other days overlaps none. PostgreSQL has no such statement.
"""

from __future__ import annotations

from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0125"
down_revision = "0124"
branch_labels = None
depends_on = None

SAME_NAME = "EXISTS (SELECT 1 FROM billing_period WHERE name = NEW.name)"
GUARD = Guard("billing_period_no_replace", "billing_period", ("INSERT",), SAME_NAME)


def upgrade() -> None:
    if _is_sqlite():
        create_guard(GUARD)


def downgrade() -> None:
    if _is_sqlite():
        drop_guard(GUARD)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
