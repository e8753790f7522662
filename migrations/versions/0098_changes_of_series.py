"""Which series follows which, and by how much dates that are put back may be moved. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_series", sa.Column("may_move_min", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "booking_following_series",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("booking_series.id"), primary_key=True),
        sa.Column("follows_id", sa.Integer, sa.ForeignKey("booking_series.id"), nullable=False, index=True),
    )
    # Of series entered before, their dates know it: the tolerance of the first one.
    op.execute(
        "UPDATE booking_series SET may_move_min = COALESCE((SELECT r.may_move_min FROM booking_occurrence o "
        "JOIN booking_reservation r ON r.id = o.reservation_id WHERE o.series_id = booking_series.id "
        "ORDER BY o.occurs_on LIMIT 1), 0)"
    )


def downgrade() -> None:
    op.drop_table("booking_following_series")
    op.drop_column("booking_series", "may_move_min")
