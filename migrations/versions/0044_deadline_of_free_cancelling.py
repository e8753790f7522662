"""The last instant of cancelling in time is kept with each reservation, so that a changed rule does not move it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

NEVER_LATE = "9999-12-31 00:00:00.000000"
# The rule of now, but at least 15 minutes after the reservation was confirmed, asked for or moved. A rule of more than
# ten years counts as ten: earlier instants do not exist on every database.
SQLITE = """
UPDATE booking_reservation SET cancel_until = max(
    strftime('%Y-%m-%d %H:%M:%S', starts_at, '-' || min(late_cancel_hours, 87600) || ' hours') || '.000000',
    strftime('%Y-%m-%d %H:%M:%S', coalesce(decided_at, asked_at), '+15 minutes') || '.000000')
FROM booking_machine WHERE booking_machine.id = machine_id
"""
POSTGRESQL = """
UPDATE booking_reservation SET cancel_until = greatest(
    starts_at - least(late_cancel_hours, 87600) * interval '1 hour',
    coalesce(decided_at, asked_at) + interval '15 minutes')
FROM booking_machine WHERE booking_machine.id = machine_id
"""


def upgrade() -> None:
    op.add_column(
        "booking_reservation", sa.Column("cancel_until", UtcDateTime, nullable=False, server_default=NEVER_LATE)
    )
    op.execute(SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL)


def downgrade() -> None:
    op.drop_column("booking_reservation", "cancel_until")
