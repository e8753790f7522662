"""Which reservations were dates of a series until another one was entered for their day. Expand-only: a new table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_former_occurrence",
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("booking_former_occurrence")
