"""The seals of the event log: a hash chain over batches of events.

The previous digest is unique, so that the chain cannot fork.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_seal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sealed_at", UtcDateTime, nullable=False),
        sa.Column("previous_digest", sa.String, nullable=False, unique=True),
        sa.Column("digest", sa.String, nullable=False),
    )
    op.create_table(
        "booking_sealed_event",
        sa.Column("event_id", sa.Integer, sa.ForeignKey("booking_event.id"), primary_key=True),
        sa.Column("seal_id", sa.Integer, sa.ForeignKey("booking_seal.id"), nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("booking_sealed_event")
    op.drop_table("booking_seal")
