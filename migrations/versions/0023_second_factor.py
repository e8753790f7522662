"""The second factor: TOTP secrets, recovery codes, and log-ins that wait for their code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_second_factor",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id"), primary_key=True),
        sa.Column("secret", sa.String, nullable=False),
        sa.Column("begun_at", UtcDateTime, nullable=False),
        sa.Column("switched_on_at", UtcDateTime),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.CheckConstraint("length(secret) >= 32", name="secret"),
    )
    op.create_table(
        "auth_recovery_code",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_second_factor.user_id"), nullable=False),
        sa.Column("code_hash", sa.String, nullable=False),
        sa.Index(None, "user_id", "code_hash", unique=True),
    )
    op.create_table(
        "auth_pending_login",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id"), nullable=False, index=True),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("auth_pending_login")
    op.drop_table("auth_recovery_code")
    op.drop_table("auth_second_factor")
