"""Quotas, the rows by which their use is locked, and what each reservation counts of them.

Expand-only: three new tables; without a quota nothing is counted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

MEASURE = (
    "(measure = 'open' AND period IS NULL)"
    " OR (measure IN ('time', 'prime_time') AND period IS NOT NULL AND period IN ('week', 'month'))"
)
PRIME = (
    "(measure <> 'prime_time' AND weekdays IS NULL AND from_minute IS NULL AND until_minute IS NULL)"
    " OR (measure = 'prime_time' AND weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL"
    " AND weekdays BETWEEN 1 AND 127 AND 0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440)"
)


def upgrade() -> None:
    op.create_table(
        "booking_quota",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id")),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id", ondelete="CASCADE")),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("booking_machine_group.id")),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE")),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code")),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("period", sa.String),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("weekdays", sa.Integer),
        sa.Column("from_minute", sa.Integer),
        sa.Column("until_minute", sa.Integer),
        sa.Column("counted_from", sa.Date, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint(MEASURE, name="measure"),
        sa.CheckConstraint(PRIME, name="prime_time"),
        sa.CheckConstraint("most BETWEEN 1 AND 600000", name="most"),
        sa.CheckConstraint(
            "(machine_id IS NULL AND group_id IS NULL) OR workshop_id IS NOT NULL", name="machine_in_workshop"
        ),
        sa.CheckConstraint("machine_id IS NULL OR group_id IS NULL", name="one_scope"),
        sa.CheckConstraint("member_id IS NULL OR price_class IS NULL", name="one_group"),
        sa.Index(None, "workshop_id"),
        sa.Index(None, "machine_id"),
        sa.Index(None, "group_id"),
        sa.Index(None, "member_id"),
    )
    op.create_table(
        "booking_quota_account",
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_table(
        "booking_quota_use",
        sa.Column(
            "reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("quota_id", sa.Integer, sa.ForeignKey("booking_quota.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.CheckConstraint("seconds > 0", name="seconds"),
        sa.Index("ix_booking_quota_use_member", "member_id", "quota_id", "first_day"),
        sa.Index("ix_booking_quota_use_quota", "quota_id"),
    )


def downgrade() -> None:
    op.drop_table("booking_quota_use")
    op.drop_table("booking_quota_account")
    op.drop_table("booking_quota")
