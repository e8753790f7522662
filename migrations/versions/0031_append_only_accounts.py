"""Triggers that make charges and posted allocations append-only; corrections are reversals."""

from __future__ import annotations

from migrations.append_only import drop_append_only, make_append_only

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# Table, then its primary key and every unique key.
APPEND_ONLY = (
    ("billing_charge", ("id",), ("usage_id", "number"), ("reverses_id",)),
    ("billing_allocation", ("id",), ("reverses_id",)),
    ("billing_allocation_cost", ("allocation_id", "cost_id")),
    ("billing_cost_group", ("allocation_id", "number")),
    ("billing_allocation_line", ("allocation_id", "group_number", "member_id")),
    ("billing_allocation_slip", ("allocation_id", "usage_id")),
)


def upgrade() -> None:
    for table, *keys in APPEND_ONLY:
        make_append_only(table, *keys)


def downgrade() -> None:
    for table, *_ in reversed(APPEND_ONLY):
        drop_append_only(table)
