"""Indexes in the order of long lists that are narrowed to a machine or a member.

Expand-only: the charges of a machine and of a member by posting, and the slips of a member by number.
"""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_billing_charge_machine_posted", "billing_charge", ["machine_id", "created_at", "id"]),
    ("ix_billing_charge_member_posted", "billing_charge", ["member_id", "created_at", "id"]),
    ("ix_booking_usage_member_id_id", "booking_usage", ["member_id", "id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
