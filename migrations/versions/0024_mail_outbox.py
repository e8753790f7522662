"""The mail outbox: mails queued, sent or given up.

The key names what a mail is about and is unique, so that nothing is queued twice.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("to_address", sa.String, nullable=False),
        sa.Column("to_name", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("calendar", sa.String),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("next_attempt_at", UtcDateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.String, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("given_up_at", UtcDateTime),
        sa.CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        sa.Index(None, "sent_at", "given_up_at", "next_attempt_at"),
    )


def downgrade() -> None:
    op.drop_table("mail_outbox")
