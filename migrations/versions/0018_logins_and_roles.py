"""Logins, and the workshops that they manage.

Treasurer and administrator are flags of a login; managers and deputies of a workshop are rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_user",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("password_hash", sa.String),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), index=True),
        sa.Column("is_treasurer", sa.Boolean, nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("theme", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("disabled_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "auth_managed_workshop",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id"), nullable=False),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False, index=True),
        sa.Column("is_deputy", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_until", sa.Date),
        sa.Column("named_by", sa.Integer),
        sa.CheckConstraint("valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until", name="days"),
        sa.Index(None, "user_id", "workshop_id", unique=True),
    )


def downgrade() -> None:
    op.drop_table("auth_managed_workshop")
    op.drop_table("auth_user")
