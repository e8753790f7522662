"""Calendar subscriptions: one secret address each, with a scope and a privacy level."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendars_feed",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, nullable=False, index=True),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("privacy", sa.String, nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id")),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id")),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id")),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.CheckConstraint("(scope = 'machine') = (machine_id IS NOT NULL)", name="machine_of_machine"),
        sa.CheckConstraint("(scope = 'mine') = (member_id IS NOT NULL)", name="member_of_mine"),
        sa.CheckConstraint("(scope = 'workshop') = (workshop_id IS NOT NULL)", name="workshop_of_workshop"),
        sa.CheckConstraint("privacy IN ('full', 'busy')", name="privacy"),
        sa.CheckConstraint("scope IN ('mine', 'machine', 'workshop')", name="scope"),
    )


def downgrade() -> None:
    op.drop_table("calendars_feed")
