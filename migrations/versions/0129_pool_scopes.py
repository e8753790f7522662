"""A cost pool may count several machines, a group, a workshop or the whole ring, from a day on.

Expand-only: two tables, and a column that is true for every pool that there is. The index that lets only one pool of a
machine count its charges is for the pools that count one machine; of the others the use cases check it, and the
database still lets each charge be counted once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0129"
down_revision = "0128"
branch_labels = None
depends_on = None

COUNTING = "ix_billing_pool_counting"
BEFORE, SINCE = "charges_are = 'advance'", "charges_are = 'advance' AND counts_machine"


def upgrade() -> None:
    op.add_column("billing_pool", sa.Column("counts_machine", sa.Boolean, nullable=False, server_default=sa.true()))
    _replace_index(SINCE)
    op.create_table(
        "billing_pool_scope",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("booking_machine_group.id"), index=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), index=True),
        sa.CheckConstraint("what IN ('machines', 'group', 'workshop', 'ring')", name="what"),
        sa.CheckConstraint("(what = 'group') = (group_id IS NOT NULL)", name="group"),
        sa.CheckConstraint("(what = 'workshop') = (workshop_id IS NOT NULL)", name="workshop"),
        sa.Index(None, "pool_id", "valid_from", unique=True),
    )
    op.create_table(
        "billing_pool_scope_machine",
        sa.Column("scope_id", sa.Integer, sa.ForeignKey("billing_pool_scope.id"), primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), primary_key=True, index=True),
    )


def downgrade() -> None:
    op.drop_table("billing_pool_scope_machine")
    op.drop_table("billing_pool_scope")
    _replace_index(BEFORE)
    op.drop_column("billing_pool", "counts_machine")


def _replace_index(condition: str) -> None:
    op.drop_index(COUNTING, "billing_pool")
    only = sa.text(condition)
    op.create_index(COUNTING, "billing_pool", ["machine_id"], unique=True, sqlite_where=only, postgresql_where=only)
