"""The waiting list. Expand-only: a new table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_waiting_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id")),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("booking_machine_group.id")),
        sa.Column("window_from", UtcDateTime, nullable=False),
        sa.Column("window_until", UtcDateTime, nullable=False),
        sa.Column("length_min", sa.Integer),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("left_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("(machine_id IS NULL) <> (group_id IS NULL)", name="one_target"),
        sa.CheckConstraint("window_from < window_until", name="window_positive"),
        sa.CheckConstraint("length_min > 0", name="length_positive"),
        sa.CheckConstraint("part IN ('any', 'morning', 'afternoon', 'evening')", name="part"),
        sa.CheckConstraint("length_min IS NOT NULL OR part = 'any'", name="part_of_pattern"),
        sa.CheckConstraint("places > 0", name="places_positive"),
    )
    op.create_index(None, "booking_waiting_entry", ["machine_id", "window_until"])
    op.create_index(None, "booking_waiting_entry", ["group_id", "window_until"])
    op.create_index(None, "booking_waiting_entry", ["member_id", "window_until"])


def downgrade() -> None:
    op.drop_table("booking_waiting_entry")
