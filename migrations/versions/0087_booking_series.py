"""Series, and which reservations are their occurrences. Expand-only: new tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("uid", sa.String, nullable=False, unique=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False, index=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("rrule", sa.String, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("wall_start", sa.String, nullable=False),
        sa.Column("length_min", sa.Integer, nullable=False),
        sa.Column("passage", sa.Integer),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("first_starts_at", UtcDateTime, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("length_min > 0", name="length_positive"),
        sa.CheckConstraint("places > 0", name="places_positive"),
        sa.CheckConstraint("length(wall_start) = 16", name="wall_start"),
        sa.CheckConstraint("passage IN (0, 1)", name="passage"),
    )
    op.create_index(None, "booking_series", ["member_id", "first_starts_at"])
    op.create_table(
        "booking_occurrence",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("booking_series.id"), primary_key=True),
        sa.Column("occurs_on", sa.Date, primary_key=True),
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), nullable=False, unique=True),
    )


def downgrade() -> None:
    op.drop_table("booking_occurrence")
    op.drop_table("booking_series")
