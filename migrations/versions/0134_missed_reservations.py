"""Fees for reservations that were missed: the terms of a machine from a day on, and what was missed. Expand-only.

A missed reservation has one row, and a fee at most once at a time: the numbers of its fees alternate (0128).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0134"
down_revision = "0133"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_fee_terms",
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("no_show_percent", sa.Integer, nullable=False),
        sa.Column("notices", sa.JSON, nullable=False),
        sa.Column("cap_cents", sa.BigInteger),
        sa.Column("free_times", sa.Integer, nullable=False),
        sa.Column("base_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("no_show_percent BETWEEN 0 AND 100", name="percent"),
        sa.CheckConstraint("cap_cents > 0", name="cap"),
        sa.CheckConstraint("free_times >= 0 AND base_cents >= 0", name="not_negative"),
    )
    op.create_table(
        "billing_missed",
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        *(sa.Column(name, UtcDateTime, nullable=False) for name in ("starts_at", "ends_at", "missed_at")),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("base_cents", sa.BigInteger, nullable=False),
        sa.Column("cap_cents", sa.BigInteger),
        sa.Column("free_times", sa.Integer, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.CheckConstraint("kind IN ('no_show', 'late_cancel')", name="kind"),
        sa.CheckConstraint("starts_at < ends_at", name="span_positive"),
        sa.CheckConstraint("percent BETWEEN 1 AND 100 AND places > 0", name="percent"),
        sa.Index("ix_billing_missed_member", "member_id", "missed_at"),
        sa.Index(
            "ix_billing_missed_due",
            "ends_at",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
    )


def downgrade() -> None:
    op.drop_table("billing_missed")
    op.drop_table("billing_fee_terms")
