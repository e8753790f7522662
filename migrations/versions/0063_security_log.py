"""The security log: counts of log-ins, refusals, pauses and exports by minute, network and login.

Expand-only: a new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_security_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("minute", UtcDateTime, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("network", sa.String, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Index(None, "minute", "kind", "network", "user_id", unique=True),
        sa.Index(None, "kind", "id"),
    )


def downgrade() -> None:
    op.drop_table("auth_security_entry")
