"""When an induction course was changed last, for calendars, and when its trainer could hold it no more; sign-up links.

Expand-only: columns that may be empty, and a new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0123"
down_revision = "0122"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_course", sa.Column("changed_at", UtcDateTime))
    op.add_column("booking_course", sa.Column("trainer_lost_at", UtcDateTime))
    op.create_table(
        "notifications_course_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column(
            "course_id",
            sa.Integer,
            sa.ForeignKey("booking_course.id", name="fk_notifications_course_link_course", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE")),
        sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("notifications_course_link")
    op.drop_column("booking_course", "trainer_lost_at")
    op.drop_column("booking_course", "changed_at")
