"""Indexes of the reservations that are out now, and of the confirmed ones by their end; both leave the history out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OUT, CONFIRMED = "ix_booking_reservation_out", "ix_booking_reservation_confirmed"


def upgrade() -> None:
    for name, column, status in ((OUT, "machine_id", "in_use"), (CONFIRMED, "ends_at", "confirmed")):
        condition = sa.text(f"status = '{status}'")
        op.create_index(name, "booking_reservation", [column], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    op.drop_index(CONFIRMED, "booking_reservation")
    op.drop_index(OUT, "booking_reservation")
