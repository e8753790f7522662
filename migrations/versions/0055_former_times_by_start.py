"""An index of the moves that wait for approval, so that they are found by the time that is confirmed.

Expand-only: one partial index.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

IS_WAITING = sa.text("former_starts_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_booking_reservation_former",
        "booking_reservation",
        ["former_starts_at"],
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_booking_reservation_former", "booking_reservation")
