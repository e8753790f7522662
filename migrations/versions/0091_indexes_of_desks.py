"""Indexes of the desks: the last reading of a machine, and the members without a login.

The first is asked at every hand-out: machines without a meter have no reading, and all their slips were looked through for one.
Expand-only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

READINGS = "ix_booking_usage_reading"


def upgrade() -> None:
    op.create_index(
        READINGS,
        "booking_usage",
        ["machine_id", "handed_out_at", "id"],
        sqlite_where=sa.text("reading_after IS NOT NULL"),
        postgresql_where=sa.text("reading_after IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(READINGS, "booking_usage")
