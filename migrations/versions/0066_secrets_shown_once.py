"""Secrets that the next page of a session shows once, encrypted.

Expand-only: a new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_shown_once",
        sa.Column(
            "session_id",
            sa.Integer,
            sa.ForeignKey("auth_session.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("secret", sa.String, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("auth_shown_once")
