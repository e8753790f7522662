"""First replies of the API per Idempotency-Key, returned again to a repeated request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_idempotency_record",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id"), primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("request_hash", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("headers", sa.String, nullable=False),
        sa.Column("answered_at", UtcDateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("api_idempotency_record")
