"""Reservations that lie outside new opening hours or rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_reservation", sa.Column("outside_rules_since", UtcDateTime))
    op.add_column("booking_reservation", sa.Column("outside_told_at", UtcDateTime))
    is_outside = sa.text("outside_rules_since IS NOT NULL")
    op.create_index(
        "ix_booking_reservation_outside_rules",
        "booking_reservation",
        ["machine_id", "ends_at"],
        sqlite_where=is_outside,
        postgresql_where=is_outside,
    )


def downgrade() -> None:
    op.drop_index("ix_booking_reservation_outside_rules", "booking_reservation")
    op.drop_column("booking_reservation", "outside_told_at")
    op.drop_column("booking_reservation", "outside_rules_since")
