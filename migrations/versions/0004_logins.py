"""Logins, their rights, sessions and secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_user()
    _make_api_token()
    _make_attempts()
    _make_managed_workshop()
    _make_one_use_token()
    _make_session()


def downgrade() -> None:
    op.drop_table("auth_session")
    op.drop_table("auth_one_use_token")
    op.drop_table("auth_managed_workshop")
    op.drop_table("auth_attempts")
    op.drop_table("auth_api_token")
    op.drop_table("auth_user")


def _make_user() -> None:
    op.create_table(
        "auth_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("is_treasurer", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_auth_user_member_id_booking_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_user")),
        sa.UniqueConstraint("email", name=op.f("uq_auth_user_email")),
    )
    op.create_index(op.f("ix_auth_user_member_id"), "auth_user", ["member_id"], unique=False)


def _make_api_token() -> None:
    op.create_table(
        "auth_api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("is_read_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_api_token_user_id_auth_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_api_token_token_hash")),
    )
    op.create_index(op.f("ix_auth_api_token_user_id"), "auth_api_token", ["user_id"], unique=False)


def _make_attempts() -> None:
    op.create_table(
        "auth_attempts",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email_hash", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('login', 'password')", name=op.f("ck_auth_attempts_kind")),
        sa.PrimaryKeyConstraint("kind", "email_hash", name=op.f("pk_auth_attempts")),
    )
    op.create_index(op.f("ix_auth_attempts_last_at"), "auth_attempts", ["last_at"], unique=False)


def _make_managed_workshop() -> None:
    op.create_table(
        "auth_managed_workshop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("workshop_id", sa.Integer(), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("named_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until",
            name=op.f("ck_auth_managed_workshop_days"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_managed_workshop_user_id_auth_user")),
        sa.ForeignKeyConstraint(
            ["workshop_id"], ["booking_workshop.id"], name=op.f("fk_auth_managed_workshop_workshop_id_booking_workshop")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_managed_workshop")),
    )
    op.create_index(
        op.f("ix_auth_managed_workshop_user_id"), "auth_managed_workshop", ["user_id", "workshop_id"], unique=True
    )
    op.create_index(
        op.f("ix_auth_managed_workshop_workshop_id"), "auth_managed_workshop", ["workshop_id"], unique=False
    )


def _make_one_use_token() -> None:
    op.create_table(
        "auth_one_use_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("purpose IN ('invitation', 'password')", name=op.f("ck_auth_one_use_token_purpose")),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_one_use_token_user_id_auth_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_one_use_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_one_use_token_token_hash")),
    )
    op.create_index(op.f("ix_auth_one_use_token_user_id"), "auth_one_use_token", ["user_id"], unique=False)


def _make_session() -> None:
    op.create_table(
        "auth_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["auth_user.id"], name=op.f("fk_auth_session_user_id_auth_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_session_token_hash")),
    )
    op.create_index(op.f("ix_auth_session_user_id"), "auth_session", ["user_id"], unique=False)
