"""Kinds of inductions, and which member holds which until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_induction_kind",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("valid_months", sa.Integer, nullable=False),
    )
    op.create_table(
        "booking_induction",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id"), nullable=False),
        sa.Column("given_on", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
        sa.Column("given_by", sa.String, nullable=False),
        sa.CheckConstraint("given_on <= valid_until", name="days"),
        sa.Index(None, "member_id", "kind_id"),
    )


def downgrade() -> None:
    op.drop_table("booking_induction")
    op.drop_table("booking_induction_kind")
