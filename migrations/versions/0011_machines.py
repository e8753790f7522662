"""Machines with their rules, and their units.

A unit is the smallest part of a machine that one reservation can hold alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_machine()
    _create_unit()


def downgrade() -> None:
    op.drop_table("booking_unit")
    op.drop_table("booking_machine")


def _create_machine() -> None:
    op.create_table(
        "booking_machine",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False),
        sa.Column("slug", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("location", sa.String, nullable=False),
        sa.Column("setup_min", sa.Integer, nullable=False),
        sa.Column("cleaning_min", sa.Integer, nullable=False),
        sa.Column("notice_hours", sa.Integer, nullable=False),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column("shortest_min", sa.Integer, nullable=False),
        sa.Column("longest_min", sa.Integer, nullable=False),
        sa.Column("step_min", sa.Integer, nullable=False),
        sa.Column("is_open_always", sa.Boolean, nullable=False),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("decision_hours", sa.Integer, nullable=False),
        sa.Column("late_cancel_hours", sa.Integer, nullable=False),
        sa.Column("induction_kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id")),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("photo_id", sa.Integer, sa.ForeignKey("booking_photo.id")),
        sa.Column("retired_at", UtcDateTime),
        sa.Column("schedule_version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("setup_min >= 0", name="setup_min"),
        sa.CheckConstraint("cleaning_min >= 0", name="cleaning_min"),
        sa.CheckConstraint("notice_hours >= 0", name="notice_hours"),
        sa.CheckConstraint("horizon_days >= 1", name="horizon_days"),
        sa.CheckConstraint("shortest_min >= 1", name="shortest_min"),
        sa.CheckConstraint("longest_min >= 1 AND longest_min <= 527040", name="longest_min"),
        sa.CheckConstraint("step_min >= 1", name="step_min"),
        sa.CheckConstraint("decision_hours >= 1", name="decision_hours"),
        sa.CheckConstraint("late_cancel_hours >= 0", name="late_cancel_hours"),
        sa.CheckConstraint("shortest_min <= longest_min", name="lengths"),
        sa.Index(None, "workshop_id", "name"),
    )


def _create_unit() -> None:
    op.create_table(
        "booking_unit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("retired_at", UtcDateTime),
        sa.Index(None, "machine_id", "number", unique=True),
    )
