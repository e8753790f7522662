"""Occupancies: one unit is taken for one span, because of exactly one hold.

A row exists only while it holds; a release deletes it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_occupancy",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("unit_id", sa.Integer, sa.ForeignKey("booking_unit.id"), nullable=False),
        sa.Column("occupied_from", UtcDateTime, nullable=False),
        sa.Column("occupied_until", UtcDateTime, nullable=False),
        sa.Column("hold_id", sa.Integer, sa.ForeignKey("booking_hold.id"), nullable=False, index=True),
        sa.CheckConstraint("occupied_from < occupied_until", name="span_positive"),
        sa.Index(None, "unit_id", "occupied_from"),
    )


def downgrade() -> None:
    op.drop_table("booking_occupancy")
