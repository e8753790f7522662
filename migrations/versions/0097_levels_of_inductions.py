"""Levels of inductions, uses under supervision, and inductions that a use renews; what is there is unsupervised.

Expand-only: columns with a default, each with its rule in one statement, so that no table is rebuilt.
"""

from __future__ import annotations

from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

COLUMNS = (
    ("booking_induction", "level", "VARCHAR DEFAULT 'alone' NOT NULL", "level IN ('supervised', 'alone', 'trainer')"),
    ("booking_induction_kind", "supervised_uses", "INTEGER DEFAULT 0 NOT NULL", "supervised_uses BETWEEN 0 AND 99"),
    ("booking_induction_kind", "promotes", "BOOLEAN DEFAULT false NOT NULL", ""),
    ("booking_induction_kind", "renews_by_use", "BOOLEAN DEFAULT false NOT NULL", ""),
    ("booking_usage", "supervisor_name", "VARCHAR DEFAULT '' NOT NULL", ""),
)


def upgrade() -> None:
    for table, column, definition, rule in COLUMNS:
        check = f" CONSTRAINT ck_{table}_{column} CHECK ({rule})" if rule else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}{check}")


def downgrade() -> None:
    for table, column, _definition, _rule in reversed(COLUMNS):
        op.drop_column(table, column)
