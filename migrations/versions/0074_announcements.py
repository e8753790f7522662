"""Announcements: notes on Today for the whole ring or about a workshop, each with its last day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_announcement",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id")),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("announced_at", UtcDateTime, nullable=False),
        sa.Column("announced_by", sa.Integer),
        sa.Column("withdrawn_at", UtcDateTime),
        sa.CheckConstraint("text <> '' AND length(text) <= 500", name="text_length"),
        sa.Index(None, "last_day"),
    )


def downgrade() -> None:
    op.drop_table("booking_announcement")
