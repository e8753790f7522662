"""Calendar subscriptions: one secret address each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendars_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("privacy", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        sa.Column("workshop_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(scope = 'machine') = (machine_id IS NOT NULL)", name=op.f("ck_calendars_feed_machine_of_machine")
        ),
        sa.CheckConstraint("(scope = 'mine') = (member_id IS NOT NULL)", name=op.f("ck_calendars_feed_member_of_mine")),
        sa.CheckConstraint(
            "(scope = 'workshop') = (workshop_id IS NOT NULL)", name=op.f("ck_calendars_feed_workshop_of_workshop")
        ),
        sa.CheckConstraint("privacy IN ('full', 'busy')", name=op.f("ck_calendars_feed_privacy")),
        sa.CheckConstraint("scope IN ('mine', 'machine', 'workshop')", name=op.f("ck_calendars_feed_scope")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_calendars_feed_machine_id_booking_machine")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_calendars_feed_member_id_booking_member")
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"], ["booking_workshop.id"], name=op.f("fk_calendars_feed_workshop_id_booking_workshop")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendars_feed_token_hash")),
    )
    op.create_index(op.f("ix_calendars_feed_user_id"), "calendars_feed", ["user_id"], unique=False)


def downgrade() -> None:

    op.drop_table("calendars_feed")
