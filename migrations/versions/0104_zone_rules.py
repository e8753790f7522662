"""What the clocks of the time zones showed, so that new rules are found. Expand-only: two new tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_zone_rules",
        sa.Column("zone", sa.String, primary_key=True),
        sa.Column("rules", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("noted_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "booking_zone_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id", ondelete="CASCADE"), nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("former_zone", sa.String, nullable=False),
        sa.Column("former_rules", sa.LargeBinary, nullable=False),
        sa.Column("former_version", sa.String, nullable=False),
        sa.Column("found_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Column("settled_by", sa.Integer),
        sa.Column("moved", sa.Integer, nullable=False),
        sa.Column("stayed", sa.Integer, nullable=False),
    )
    is_open = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_booking_zone_change_open",
        "booking_zone_change",
        ["workshop_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    op.drop_table("booking_zone_change")
    op.drop_table("booking_zone_rules")
