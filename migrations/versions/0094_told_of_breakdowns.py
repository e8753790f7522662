"""Of which reservations members were told because of a breakdown. Expand-only: a new table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_replan_told",
        sa.Column(
            "blocking_id", sa.Integer, sa.ForeignKey("booking_blocking.id"), primary_key=True, autoincrement=False
        ),
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey("booking_reservation.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
            index=True,
        ),
    )


def downgrade() -> None:
    op.drop_table("booking_replan_told")
