"""Offers to the waiting list: their table, the open one of an entry, and how long a machine holds one.

Expand-only: a new table, and columns with defaults.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_offer",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hold_kind", sa.String, server_default="offer", nullable=False),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("booking_waiting_entry.id"), nullable=False, index=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("occupied_from", UtcDateTime, nullable=False),
        sa.Column("occupied_until", UtcDateTime, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("offered_at", UtcDateTime, nullable=False),
        sa.Column("lapses_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        sa.CheckConstraint("hold_kind = 'offer'", name="hold_kind"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="state"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint("(state = 'accepted') = (reservation_id IS NOT NULL)", name="accepted"),
        sa.CheckConstraint("starts_at < ends_at", name="span_positive"),
    )
    op.create_index(None, "booking_offer", ["state", "lapses_at"])
    op.create_index(None, "booking_offer", ["machine_id", "state"])
    op.create_index(None, "booking_offer", ["member_id", "state"])
    op.add_column("booking_waiting_entry", sa.Column("offer_id", sa.Integer))
    op.add_column(
        "booking_waiting_entry", sa.Column("is_automatic", sa.Boolean, nullable=False, server_default=sa.false())
    )
    # With its rule in one statement, which both databases know: the table need not be rebuilt.
    op.execute(
        "ALTER TABLE booking_machine ADD COLUMN offer_hours INTEGER DEFAULT 24 NOT NULL"
        " CONSTRAINT ck_booking_machine_offer_hours CHECK (offer_hours >= 1)"
    )
    op.create_table(
        "notifications_offer_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column(
            "offer_id",
            sa.Integer,
            sa.ForeignKey("booking_offer.id", name="fk_notifications_offer_link_offer", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE")),
        sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("notifications_offer_link")
    op.drop_column("booking_machine", "offer_hours")
    op.drop_column("booking_waiting_entry", "is_automatic")
    op.drop_column("booking_waiting_entry", "offer_id")
    op.drop_table("booking_offer")
