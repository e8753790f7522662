"""Reservations: a member holds a machine for a span."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_reservation",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hold_kind", sa.String, server_default="reservation", nullable=False),
        sa.Column("uid", sa.String, nullable=False, unique=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("occupied_from", UtcDateTime, nullable=False),
        sa.Column("occupied_until", UtcDateTime, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("decide_until", UtcDateTime),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("decided_by", sa.Integer),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("is_late_cancel", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        sa.CheckConstraint("hold_kind = 'reservation'", name="hold_kind"),
        sa.CheckConstraint("(status = 'requested') <= (decide_until IS NOT NULL)", name="request_ends"),
        sa.CheckConstraint(
            "status IN ('requested', 'confirmed', 'in_use', 'completed', 'rejected', 'cancelled', 'expired', 'no_show')",
            name="status",
        ),
        sa.CheckConstraint("occupied_from <= starts_at AND ends_at <= occupied_until", name="occupied_contains"),
        sa.CheckConstraint("places > 0", name="places_positive"),
        sa.CheckConstraint("starts_at < ends_at", name="span_positive"),
        sa.Index(None, "machine_id", "starts_at"),
        sa.Index(None, "member_id", "starts_at"),
        sa.Index("ix_booking_reservation_member_changes", "member_id", "changed_at"),
        sa.Index("ix_booking_reservation_member_status", "member_id", "status", "ends_at", "starts_at"),
        sa.Index(None, "starts_at", "id"),
        sa.Index(None, "status", "decide_until"),
    )


def downgrade() -> None:
    op.drop_table("booking_reservation")
