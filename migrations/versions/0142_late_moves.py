"""Times that were given up by a move when cancelling was no longer free. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0142"
down_revision = "0141"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_late_move",
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey("booking_reservation.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("moved_at", UtcDateTime, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        *(sa.Column(name, UtcDateTime, nullable=False) for name in ("starts_at", "ends_at")),
        sa.Column("places", sa.Integer, nullable=False),
        sa.CheckConstraint("starts_at < ends_at AND places > 0", name="held"),
    )


def downgrade() -> None:
    op.drop_table("booking_late_move")
