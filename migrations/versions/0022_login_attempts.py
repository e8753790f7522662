"""Recent attempts per hash of an e-mail address, and how long it is locked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_attempts",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("email_hash", sa.String, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False, index=True),
        sa.Column("locked_until", UtcDateTime),
        sa.CheckConstraint("kind IN ('login', 'password', 'code')", name="kind"),
    )


def downgrade() -> None:
    op.drop_table("auth_attempts")
