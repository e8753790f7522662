"""Groups of machines, each machine in one group at most.

Expand-only: two new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_machine_group",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("retired_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("name <> '' AND length(name) <= 120", name="name_length"),
        sa.Index(None, "workshop_id", "name"),
    )
    op.create_table(
        "booking_group_machine",
        sa.Column(
            "machine_id",
            sa.Integer,
            sa.ForeignKey("booking_machine.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("booking_machine_group.id"), nullable=False, index=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 99", name="rank"),
    )


def downgrade() -> None:
    op.drop_table("booking_group_machine")
    op.drop_table("booking_machine_group")
