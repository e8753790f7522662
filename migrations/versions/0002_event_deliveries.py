"""Which subscriber has handled which event, and which deliveries failed.

A failed delivery without a next try is dead-lettered.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_event_delivery",
        sa.Column("event_id", sa.Integer, sa.ForeignKey("booking_event.id"), primary_key=True),
        sa.Column("subscriber", sa.String, primary_key=True),
        sa.Column("delivered_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "booking_event_failure",
        sa.Column("event_id", sa.Integer, sa.ForeignKey("booking_event.id"), primary_key=True),
        sa.Column("subscriber", sa.String, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failed_at", UtcDateTime, nullable=False),
        sa.Column("next_try_at", UtcDateTime),
        sa.Column("error", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("booking_event_failure")
    op.drop_table("booking_event_delivery")
