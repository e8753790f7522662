"""Proposals of re-plans are held for a day: their hold and when they lapse, and the links that answer them.

Beside them what members heard of reservations that stay.
Expand-only: columns that may be empty, and a new table. A proposal that was made before is not held and does not
lapse; its member takes it while it is free, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_replanned", sa.Column("hold_id", sa.Integer))
    op.add_column("booking_replanned", sa.Column("lapses_at", UtcDateTime))
    op.add_column("booking_replan_told", sa.Column("told_as", sa.String))
    op.create_index(None, "booking_replanned", ["hold_id"], unique=True)
    op.create_table(
        "notifications_proposal_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("hold_id", sa.Integer, nullable=False),
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey(
                "booking_reservation.id", name="fk_notifications_proposal_link_reservation", ondelete="CASCADE"
            ),
            nullable=False,
            index=True,
        ),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE")),
        sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("notifications_proposal_link")
    op.drop_index("ix_booking_replanned_hold_id", "booking_replanned")
    op.drop_column("booking_replan_told", "told_as")
    op.drop_column("booking_replanned", "lapses_at")
    op.drop_column("booking_replanned", "hold_id")
