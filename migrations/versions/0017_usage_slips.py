"""Usage slips: what a member used, from hand-out to hand-back.

Amounts and readings are integers in the small unit of charge_unit.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_usage",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), unique=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("handed_out_at", UtcDateTime, nullable=False),
        sa.Column("handed_out_by", sa.Integer),
        sa.Column("handed_back_at", UtcDateTime),
        sa.Column("handed_back_by", sa.Integer),
        sa.Column("reading_before", sa.Integer),
        sa.Column("reading_after", sa.Integer),
        sa.Column("booked_amount", sa.Integer),
        sa.Column("used_amount", sa.Integer),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("note_before", sa.String, nullable=False),
        sa.Column("note_after", sa.String, nullable=False),
        sa.Column("photo_before_id", sa.Integer, sa.ForeignKey("booking_photo.id")),
        sa.Column("photo_after_id", sa.Integer, sa.ForeignKey("booking_photo.id")),
        sa.Column("objected_at", UtcDateTime),
        sa.Column("objection", sa.String, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("answered_by", sa.Integer),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("(handed_back_at IS NULL) = (used_amount IS NULL)", name="amount_at_hand_back"),
        sa.CheckConstraint("handed_back_at IS NULL OR handed_out_at <= handed_back_at", name="order"),
        sa.CheckConstraint(
            "reading_after IS NULL OR reading_before IS NULL OR reading_before <= reading_after", name="reading_forward"
        ),
        sa.CheckConstraint("used_amount IS NULL OR used_amount >= 0", name="amount_not_negative"),
        sa.Index(None, "machine_id", "handed_out_at"),
        sa.Index(None, "member_id", "handed_out_at"),
    )


def downgrade() -> None:
    op.drop_table("booking_usage")
