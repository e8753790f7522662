"""How often log-ins were tried from each network address, counted by all web processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_login_rate",
        sa.Column("key_hash", sa.String, primary_key=True),
        sa.Column("ends_at", UtcDateTime, nullable=False, index=True),
        sa.Column("used", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("auth_login_rate")
