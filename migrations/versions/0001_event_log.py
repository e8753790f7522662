"""The event log: what happened, when, and on whose behalf.

A use case writes its events in its own transaction, so the log is both transactional outbox and audit trail.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor_user_id", sa.Integer),
        sa.Column("actor_job", sa.String),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.CheckConstraint("(actor_user_id IS NULL) <> (actor_job IS NULL)", name="one_actor"),
        sa.Index(None, "type", "id"),
    )


def downgrade() -> None:
    op.drop_table("booking_event")
