"""Maintenance of machines after so much use: intervals, what was done, and reminders. Expand-only: new tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_open = sa.text("ended_at IS NULL")
    op.create_table(
        "booking_maintenance",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("interval_amount", sa.Integer, nullable=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("last_done_on", sa.Date, nullable=False),
        sa.Column("last_reading", sa.Integer),
        sa.Column("counted_from", UtcDateTime, nullable=False),
        sa.Column("done_count", sa.Integer, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("interval_amount > 0", name="interval_positive"),
        sa.CheckConstraint("last_reading IS NULL OR last_reading >= 0", name="reading_not_negative"),
        sa.CheckConstraint("done_count >= 0", name="done_count"),
        sa.Index(
            "ix_booking_maintenance_open",
            "machine_id",
            "name",
            unique=True,
            sqlite_where=is_open,
            postgresql_where=is_open,
        ),
    )
    op.create_table(
        "booking_maintenance_done",
        sa.Column("maintenance_id", sa.Integer, sa.ForeignKey("booking_maintenance.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("done_on", sa.Date, nullable=False),
        sa.Column("reading", sa.Integer),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("recorded_by", sa.Integer),
        sa.CheckConstraint("reading IS NULL OR reading >= 0", name="reading_not_negative"),
        sa.CheckConstraint("number >= 1", name="number"),
    )
    op.create_table(
        "booking_maintenance_reminder",
        sa.Column(
            "maintenance_id",
            sa.Integer,
            sa.ForeignKey("booking_maintenance.id", name="fk_booking_maintenance_reminder_interval"),
            primary_key=True,
        ),
        sa.Column("done_count", sa.Integer, primary_key=True),
        sa.Column("reminded_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    for table in ("booking_maintenance_reminder", "booking_maintenance_done", "booking_maintenance"):
        op.drop_table(table)
