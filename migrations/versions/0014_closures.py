"""Closures: a machine is out of service for a span."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_blocking",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hold_kind", sa.String, server_default="closure", nullable=False),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("lifted_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed_at", UtcDateTime),
        sa.ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        sa.CheckConstraint("hold_kind = 'closure'", name="hold_kind"),
        sa.CheckConstraint("starts_at < ends_at", name="span_positive"),
        sa.Index(None, "machine_id", "starts_at"),
    )


def downgrade() -> None:
    op.drop_table("booking_blocking")
