"""Which closures were entered together, by which rule. Expand-only: new tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_closure_series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "machine_id",
            sa.Integer,
            sa.ForeignKey("booking_machine.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("rrule", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
    )
    op.create_table(
        "booking_closure_date",
        sa.Column(
            "series_id",
            sa.Integer,
            sa.ForeignKey("booking_closure_series.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("occurs_on", sa.Date, primary_key=True),
        sa.Column(
            "blocking_id",
            sa.Integer,
            sa.ForeignKey("booking_blocking.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
    )


def downgrade() -> None:
    op.drop_table("booking_closure_date")
    op.drop_table("booking_closure_series")
