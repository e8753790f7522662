"""The clocks that a workshop had while a change of its clock was open: by which what was made meanwhile. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0117"
down_revision = "0116"
branch_labels = None
depends_on = None

TABLE = "booking_zone_clock"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column(
            "zone_change_id",
            sa.Integer,
            sa.ForeignKey("booking_zone_change.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("until", UtcDateTime, primary_key=True),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("rules", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
