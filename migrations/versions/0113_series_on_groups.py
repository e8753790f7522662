"""Which series are on a group of machines, each date of which has the machine that was free. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0113"
down_revision = "0112"
branch_labels = None
depends_on = None

TABLE = "booking_group_series"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("series_id", sa.Integer, sa.ForeignKey("booking_series.id"), primary_key=True),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("booking_machine_group.id"), nullable=False),
        sa.Index(None, "group_id"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
