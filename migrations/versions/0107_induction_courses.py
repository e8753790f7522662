"""Induction courses with seats and sign-ups, wishes for an induction, and the reminder before one expires.

Expand-only: new tables, and a column without a value. A seat is a row, so the database refuses one participant more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_courses()
    _create_signups()
    op.create_table(
        "booking_induction_wish",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id"), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("asked_by", sa.Integer),
        sa.Column("closed_at", UtcDateTime),
    )
    op.create_index(None, "booking_induction_wish", ["kind_id", "closed_at"])
    _create_index_of_open("uq_booking_induction_wish_open", "booking_induction_wish", "closed_at", "kind_id")
    op.add_column("booking_induction", sa.Column("reminded_until", sa.Date))
    op.create_index(None, "booking_induction", ["valid_until"])


def _create_courses() -> None:
    op.create_table(
        "booking_course",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id"), nullable=False),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False, index=True),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("price_note", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("trainer_member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False, index=True),
        sa.Column("trainer_name", sa.String, nullable=False),
        sa.Column("trainer_user_id", sa.Integer),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("cancelled_at", UtcDateTime),
        sa.Column("cancel_reason", sa.String, nullable=False),
        sa.Column("held_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="span_positive"),
        sa.CheckConstraint("seats BETWEEN 1 AND 200", name="seats"),
        sa.CheckConstraint("cancelled_at IS NULL OR held_at IS NULL", name="cancelled_or_held"),
    )
    op.create_index(None, "booking_course", ["kind_id", "ends_at"])
    op.create_index(None, "booking_course", ["workshop_id", "ends_at"])
    op.create_table(
        "booking_course_machine",
        sa.Column("course_id", sa.Integer, sa.ForeignKey("booking_course.id"), primary_key=True),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), primary_key=True),
        sa.Column("blocking_id", sa.Integer, sa.ForeignKey("booking_blocking.id"), nullable=False, unique=True),
    )
    op.create_table(
        "booking_course_seat",
        sa.Column("course_id", sa.Integer, sa.ForeignKey("booking_course.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.CheckConstraint("number BETWEEN 1 AND 200", name="number"),
    )


def _create_signups() -> None:
    op.create_table(
        "booking_course_signup",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("booking_course.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False, index=True),
        sa.Column("person_name", sa.String, nullable=False),
        sa.Column("person_key", sa.String, nullable=False),
        sa.Column("person_user_id", sa.Integer),
        sa.Column("seat", sa.Integer),
        sa.Column("joined_at", UtcDateTime, nullable=False),
        sa.Column("joined_by", sa.Integer),
        sa.Column("left_at", UtcDateTime),
        sa.Column("was_present", sa.Boolean),
        sa.Column("induction_id", sa.Integer, sa.ForeignKey("booking_induction.id")),
        sa.ForeignKeyConstraint(
            ["course_id", "seat"],
            ["booking_course_seat.course_id", "booking_course_seat.number"],
            name="fk_booking_course_signup_seat",
        ),
        sa.UniqueConstraint("course_id", "seat", name="uq_booking_course_signup_seat"),
        sa.UniqueConstraint("induction_id", name="uq_booking_course_signup_induction"),
        sa.CheckConstraint("left_at IS NULL OR seat IS NULL", name="left_no_seat"),
        sa.CheckConstraint("induction_id IS NULL OR was_present", name="present"),
    )
    _create_index_of_open(
        "uq_booking_course_signup_person", "booking_course_signup", "left_at", "person_key", first="course_id"
    )


def _create_index_of_open(name: str, table: str, ended: str, last: str, *, first: str = "") -> None:
    columns = [first, "member_id", last] if first else ["member_id", last]
    is_open = sa.text(f"{ended} IS NULL")
    op.create_index(name, table, columns, unique=True, sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    op.drop_index("ix_booking_induction_valid_until", "booking_induction")
    op.drop_column("booking_induction", "reminded_until")
    for table in ("induction_wish", "course_signup", "course_seat", "course_machine", "course"):
        op.drop_table(f"booking_{table}")
