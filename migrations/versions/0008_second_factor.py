"""A second factor for logins: the app's secret, recovery codes, log-ins half-way through the door.

`auth_attempts` counts codes, too. SQLite cannot widen a check, so the table is made anew: what it forgets are the
wrong guesses of the last day. The ring's own row learns whether treasurers and administrators must have one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KINDS_BEFORE = "kind IN ('login', 'password')"
KINDS = "kind IN ('login', 'password', 'code')"


def upgrade() -> None:
    op.create_table(
        "auth_second_factor",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("switched_on_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(secret) >= 32", name=op.f("ck_auth_second_factor_secret")),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_second_factor_user_id_auth_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_auth_second_factor")),
    )
    op.create_table(
        "auth_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_second_factor.user_id"], name=op.f("fk_auth_recovery_code_user_id_auth_second_factor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_recovery_code")),
    )
    op.create_index(op.f("ix_auth_recovery_code_user_id"), "auth_recovery_code", ["user_id", "code_hash"], unique=True)
    op.create_table(
        "auth_pending_login",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_pending_login_user_id_auth_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_pending_login")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_pending_login_token_hash")),
    )
    op.create_index(op.f("ix_auth_pending_login_user_id"), "auth_pending_login", ["user_id"], unique=False)
    op.add_column(
        "booking_ring",
        sa.Column("requires_second_factor", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _make_attempts_anew(KINDS)


def downgrade() -> None:
    _make_attempts_anew(KINDS_BEFORE)
    op.drop_column("booking_ring", "requires_second_factor")
    op.drop_table("auth_pending_login")
    op.drop_table("auth_recovery_code")
    op.drop_table("auth_second_factor")


def _make_attempts_anew(kinds: str) -> None:
    op.drop_table("auth_attempts")
    op.create_table(
        "auth_attempts",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email_hash", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.CheckConstraint(kinds, name=op.f("ck_auth_attempts_kind")),
        sa.PrimaryKeyConstraint("kind", "email_hash", name=op.f("pk_auth_attempts")),
    )
    op.create_index(op.f("ix_auth_attempts_last_at"), "auth_attempts", ["last_at"], unique=False)
