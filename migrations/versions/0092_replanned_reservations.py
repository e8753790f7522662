"""What re-plans did with reservations of machines that broke down. Expand-only: a new table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_replanned",
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey("booking_reservation.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("blocking_id", sa.Integer, sa.ForeignKey("booking_blocking.id"), nullable=False, index=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column(
            "from_machine_id",
            sa.Integer,
            sa.ForeignKey("booking_machine.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("from_starts_at", UtcDateTime, nullable=False),
        sa.Column("from_ends_at", UtcDateTime, nullable=False),
        sa.Column(
            "to_machine_id",
            sa.Integer,
            sa.ForeignKey("booking_machine.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("to_starts_at", UtcDateTime, nullable=False),
        sa.Column("to_ends_at", UtcDateTime, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("kind IN ('moved', 'offered')", name="kind"),
        sa.CheckConstraint("from_starts_at < from_ends_at AND to_starts_at < to_ends_at", name="spans_positive"),
    )


def downgrade() -> None:
    op.drop_table("booking_replanned")
