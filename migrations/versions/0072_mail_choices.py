"""Which kinds of mails somebody wants, reminders that were sent, and links that cancel a reservation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notifications_mail_choice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE"), nullable=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE"), nullable=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("is_wanted", sa.Boolean, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("(user_id IS NULL) <> (member_id IS NULL)", name="one_owner"),
    )
    for owner in ("user_id", "member_id"):
        op.create_index(
            f"ix_notifications_mail_choice_{owner}", "notifications_mail_choice", [owner, "kind"], unique=True
        )
    op.create_table(
        "notifications_reminder",
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey(
                "booking_reservation.id",
                name="fk_notifications_reminder_reservation_id_booking_reservation",
                ondelete="CASCADE",
            ),
            primary_key=True,
        ),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("at", UtcDateTime, primary_key=True, index=True),
    )
    op.create_table(
        "notifications_cancel_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column(
            "reservation_id",
            sa.Integer,
            sa.ForeignKey(
                "booking_reservation.id", name="fk_notifications_cancel_link_reservation", ondelete="CASCADE"
            ),
            nullable=False,
            index=True,
        ),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE"), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False, index=True),
        sa.Column("used_at", UtcDateTime, nullable=True),
    )
    op.add_column("mail_outbox", sa.Column("off_url", sa.String, server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("mail_outbox", "off_url")
    op.drop_table("notifications_cancel_link")
    op.drop_table("notifications_reminder")
    op.drop_table("notifications_mail_choice")
