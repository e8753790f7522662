"""Damage reports: what members saw at a machine, for its managers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_damage_report",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id")),
        sa.Column("reported_by", sa.Integer, nullable=False),
        sa.Column("reported_at", UtcDateTime, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("photo_id", sa.Integer, sa.ForeignKey("booking_photo.id")),
        sa.Column("done_at", UtcDateTime),
        sa.Column("done_by", sa.Integer),
        sa.CheckConstraint("text <> ''", name="text_filled"),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done_by_somebody"),
    )
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "ix_booking_damage_report_open_of_member",
        "booking_damage_report",
        ["machine_id", "member_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(None, "booking_damage_report", ["machine_id", "done_at"])
    op.create_index(None, "booking_damage_report", ["reported_by", "reported_at"])


def downgrade() -> None:
    op.drop_table("booking_damage_report")
