"""How far each consumer has read the event log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_event_cursor",
        sa.Column("consumer", sa.String, primary_key=True),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("checked_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("booking_event_cursor")
