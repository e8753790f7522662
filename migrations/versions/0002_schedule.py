"""The ring, its workshops, members and machines; reservations, closures, occupancies and usage slips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_induction_kind()
    _make_member()
    _make_photo()
    _make_ring()
    _make_workshop()
    _make_induction()
    _make_machine()
    _make_opening_hours()
    _make_blocking()
    _make_reservation()
    _make_unit()
    _make_occupancy()
    _make_usage()


def downgrade() -> None:
    op.drop_table("booking_usage")
    op.drop_table("booking_occupancy")
    op.drop_table("booking_unit")
    op.drop_table("booking_reservation")
    op.drop_table("booking_blocking")
    op.drop_table("booking_opening_hours")
    op.drop_table("booking_machine")
    op.drop_table("booking_induction")
    op.drop_table("booking_workshop")
    op.drop_table("booking_ring")
    op.drop_table("booking_photo")
    op.drop_table("booking_member")
    op.drop_table("booking_induction_kind")


def _make_induction_kind() -> None:
    op.create_table(
        "booking_induction_kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_induction_kind")),
        sa.UniqueConstraint("name", name=op.f("uq_booking_induction_kind_name")),
    )


def _make_member() -> None:
    op.create_table(
        "booking_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("price_class", sa.String(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("price_class IN ('member', 'guest')", name=op.f("ck_booking_member_price_class")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_member")),
        sa.UniqueConstraint("number", name=op.f("uq_booking_member_number")),
    )


def _make_photo() -> None:
    op.create_table(
        "booking_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_photo")),
    )


def _make_ring() -> None:
    op.create_table(
        "booking_ring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("holidays_region", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("is_catalogue_public", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_booking_ring_only_one")),
        sa.CheckConstraint("objection_days BETWEEN 0 AND 365", name=op.f("ck_booking_ring_objection_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_ring")),
    )


def _make_workshop() -> None:
    op.create_table(
        "booking_workshop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("holidays_region", sa.String(), nullable=False),
        sa.Column("is_closed_on_holidays", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_workshop")),
        sa.UniqueConstraint("slug", name=op.f("uq_booking_workshop_slug")),
    )


def _make_induction() -> None:
    op.create_table(
        "booking_induction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.CheckConstraint("given_on <= valid_until", name=op.f("ck_booking_induction_days")),
        sa.ForeignKeyConstraint(
            ["kind_id"], ["booking_induction_kind.id"], name=op.f("fk_booking_induction_kind_id_booking_induction_kind")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_booking_induction_member_id_booking_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_induction")),
    )
    op.create_index(op.f("ix_booking_induction_member_id"), "booking_induction", ["member_id", "kind_id"], unique=False)


def _make_machine() -> None:
    op.create_table(
        "booking_machine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workshop_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("setup_min", sa.Integer(), nullable=False),
        sa.Column("cleaning_min", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("shortest_min", sa.Integer(), nullable=False),
        sa.Column("longest_min", sa.Integer(), nullable=False),
        sa.Column("step_min", sa.Integer(), nullable=False),
        sa.Column("is_open_always", sa.Boolean(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("decision_hours", sa.Integer(), nullable=False),
        sa.Column("late_cancel_hours", sa.Integer(), nullable=False),
        sa.Column("induction_kind_id", sa.Integer(), nullable=True),
        sa.Column("charge_unit", sa.String(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "0 < shortest_min AND shortest_min <= longest_min AND longest_min <= 527040",
            name=op.f("ck_booking_machine_lengths"),
        ),
        sa.CheckConstraint("decision_hours > 0 AND late_cancel_hours >= 0", name=op.f("ck_booking_machine_deadlines")),
        sa.CheckConstraint("horizon_days > 0 AND step_min > 0", name=op.f("ck_booking_machine_positive")),
        sa.CheckConstraint(
            "setup_min >= 0 AND cleaning_min >= 0 AND notice_hours >= 0", name=op.f("ck_booking_machine_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["induction_kind_id"],
            ["booking_induction_kind.id"],
            name=op.f("fk_booking_machine_induction_kind_id_booking_induction_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["booking_photo.id"], name=op.f("fk_booking_machine_photo_id_booking_photo")
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"], ["booking_workshop.id"], name=op.f("fk_booking_machine_workshop_id_booking_workshop")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_machine")),
        sa.UniqueConstraint("slug", name=op.f("uq_booking_machine_slug")),
    )
    op.create_index(op.f("ix_booking_machine_workshop_id"), "booking_machine", ["workshop_id", "name"], unique=False)


def _make_opening_hours() -> None:
    op.create_table(
        "booking_opening_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workshop_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens_minute", sa.Integer(), nullable=False),
        sa.Column("closes_minute", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440",
            name=op.f("ck_booking_opening_hours_minutes"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_booking_opening_hours_weekday")),
        sa.ForeignKeyConstraint(
            ["workshop_id"], ["booking_workshop.id"], name=op.f("fk_booking_opening_hours_workshop_id_booking_workshop")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_opening_hours")),
    )
    op.create_index(
        op.f("ix_booking_opening_hours_workshop_id"),
        "booking_opening_hours",
        ["workshop_id", "weekday", "opens_minute"],
        unique=True,
    )


def _make_blocking() -> None:
    op.create_table(
        "booking_blocking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_blocking_span_positive")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_booking_blocking_machine_id_booking_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_blocking")),
    )
    op.create_index(
        op.f("ix_booking_blocking_machine_id"), "booking_blocking", ["machine_id", "starts_at"], unique=False
    )


def _make_reservation() -> None:
    op.create_table(
        "booking_reservation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("occupied_from", UtcDateTime(), nullable=False),
        sa.Column("occupied_until", UtcDateTime(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decide_until", UtcDateTime(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("is_late_cancel", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(status = 'requested') <= (decide_until IS NOT NULL)", name=op.f("ck_booking_reservation_request_ends")
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'confirmed', 'in_use', 'completed', 'rejected', 'cancelled', 'expired', 'no_show')",
            name=op.f("ck_booking_reservation_status"),
        ),
        sa.CheckConstraint(
            "occupied_from <= starts_at AND ends_at <= occupied_until",
            name=op.f("ck_booking_reservation_occupied_contains"),
        ),
        sa.CheckConstraint("places > 0", name=op.f("ck_booking_reservation_places_positive")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_reservation_span_positive")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_booking_reservation_machine_id_booking_machine")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_booking_reservation_member_id_booking_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_reservation")),
        sa.UniqueConstraint("uid", name=op.f("uq_booking_reservation_uid")),
    )
    _index_reservation()


def _index_reservation() -> None:
    op.create_index(
        op.f("ix_booking_reservation_machine_id"), "booking_reservation", ["machine_id", "starts_at"], unique=False
    )
    op.create_index(
        op.f("ix_booking_reservation_member_id"), "booking_reservation", ["member_id", "starts_at"], unique=False
    )
    op.create_index(
        "ix_booking_reservation_member_changes", "booking_reservation", ["member_id", "changed_at"], unique=False
    )
    op.create_index(
        "ix_booking_reservation_member_status",
        "booking_reservation",
        ["member_id", "status", "ends_at", "starts_at"],
        unique=False,
    )
    op.create_index(op.f("ix_booking_reservation_starts_at"), "booking_reservation", ["starts_at", "id"], unique=False)
    op.create_index(
        op.f("ix_booking_reservation_status"), "booking_reservation", ["status", "decide_until"], unique=False
    )


def _make_unit() -> None:
    op.create_table(
        "booking_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_booking_unit_machine_id_booking_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_unit")),
    )
    op.create_index(op.f("ix_booking_unit_machine_id"), "booking_unit", ["machine_id", "number"], unique=True)


def _make_occupancy() -> None:
    op.create_table(
        "booking_occupancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("occupied_from", UtcDateTime(), nullable=False),
        sa.Column("occupied_until", UtcDateTime(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=True),
        sa.Column("blocking_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(reservation_id IS NULL) <> (blocking_id IS NULL)", name=op.f("ck_booking_occupancy_one_cause")
        ),
        sa.CheckConstraint("occupied_from < occupied_until", name=op.f("ck_booking_occupancy_span_positive")),
        sa.ForeignKeyConstraint(
            ["blocking_id"], ["booking_blocking.id"], name=op.f("fk_booking_occupancy_blocking_id_booking_blocking")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["booking_reservation.id"],
            name=op.f("fk_booking_occupancy_reservation_id_booking_reservation"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["booking_unit.id"], name=op.f("fk_booking_occupancy_unit_id_booking_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_occupancy")),
    )
    op.create_index(op.f("ix_booking_occupancy_blocking_id"), "booking_occupancy", ["blocking_id"], unique=False)
    op.create_index(op.f("ix_booking_occupancy_reservation_id"), "booking_occupancy", ["reservation_id"], unique=False)
    op.create_index(
        op.f("ix_booking_occupancy_unit_id"), "booking_occupancy", ["unit_id", "occupied_from"], unique=False
    )


def _make_usage() -> None:
    op.create_table(
        "booking_usage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=True),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("charge_unit", sa.String(), nullable=False),
        sa.Column("handed_out_at", UtcDateTime(), nullable=False),
        sa.Column("handed_out_by", sa.Integer(), nullable=True),
        sa.Column("handed_back_at", UtcDateTime(), nullable=True),
        sa.Column("handed_back_by", sa.Integer(), nullable=True),
        sa.Column("reading_before", sa.Integer(), nullable=True),
        sa.Column("reading_after", sa.Integer(), nullable=True),
        sa.Column("booked_amount", sa.Integer(), nullable=True),
        sa.Column("used_amount", sa.Integer(), nullable=True),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("note_before", sa.String(), nullable=False),
        sa.Column("note_after", sa.String(), nullable=False),
        sa.Column("photo_before_id", sa.Integer(), nullable=True),
        sa.Column("photo_after_id", sa.Integer(), nullable=True),
        sa.Column("objected_at", UtcDateTime(), nullable=True),
        sa.Column("objection", sa.String(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(handed_back_at IS NULL) = (used_amount IS NULL)", name=op.f("ck_booking_usage_amount_at_hand_back")
        ),
        sa.CheckConstraint(
            "handed_back_at IS NULL OR handed_out_at <= handed_back_at", name=op.f("ck_booking_usage_order")
        ),
        sa.CheckConstraint(
            "reading_after IS NULL OR reading_before IS NULL OR reading_before <= reading_after",
            name=op.f("ck_booking_usage_reading_forward"),
        ),
        sa.CheckConstraint(
            "used_amount IS NULL OR used_amount >= 0", name=op.f("ck_booking_usage_amount_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_booking_usage_machine_id_booking_machine")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_booking_usage_member_id_booking_member")
        ),
        sa.ForeignKeyConstraint(
            ["photo_after_id"], ["booking_photo.id"], name=op.f("fk_booking_usage_photo_after_id_booking_photo")
        ),
        sa.ForeignKeyConstraint(
            ["photo_before_id"], ["booking_photo.id"], name=op.f("fk_booking_usage_photo_before_id_booking_photo")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["booking_reservation.id"],
            name=op.f("fk_booking_usage_reservation_id_booking_reservation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_usage")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_booking_usage_reservation_id")),
    )
    op.create_index(op.f("ix_booking_usage_machine_id"), "booking_usage", ["machine_id", "handed_out_at"], unique=False)
    op.create_index(op.f("ix_booking_usage_member_id"), "booking_usage", ["member_id", "handed_out_at"], unique=False)
