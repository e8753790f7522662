"""Closures around reservations: they hold a machine wherever it is free in their span. Reservations that a manager accepts in spite of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "booking_blocking",
        sa.Column("around_reservations", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("booking_reservation", sa.Column("accepted_at", UtcDateTime))
    is_open = sa.text("around_reservations AND lifted_at IS NULL")
    op.create_index(
        "ix_booking_blocking_around",
        "booking_blocking",
        ["machine_id", "ends_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    op.drop_index("ix_booking_blocking_around", "booking_blocking")
    op.drop_column("booking_reservation", "accepted_at")
    op.drop_column("booking_blocking", "around_reservations")
