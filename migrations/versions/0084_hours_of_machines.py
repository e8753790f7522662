"""Opening hours of a machine of its own, in place of those of its workshop.

Expand-only: a new table; a machine without rows follows its workshop, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_machine_hours",
        sa.Column(
            "machine_id",
            sa.Integer,
            sa.ForeignKey("booking_machine.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("weekday", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("opens_minute", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("closes_minute", sa.Integer, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.CheckConstraint(
            "0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440", name="minutes"
        ),
    )


def downgrade() -> None:
    op.drop_table("booking_machine_hours")
