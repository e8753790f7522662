"""The event log, its deliveries and its seals.

Events and seals are append-only: the database refuses UPDATE and DELETE.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import make_append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What stands in these tables is history: the database refuses to change or delete it, whoever asks.
APPEND_ONLY = (
    ("booking_event", ("id",)),
    ("booking_seal", ("id",), ("previous_digest",)),
    ("booking_sealed_event", ("event_id",)),
)


POSTGRESQL_REFUSAL = """
CREATE FUNCTION booking_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def upgrade() -> None:
    _make_event()
    _make_seal()
    _make_event_delivery()
    _make_event_bookmark()
    _make_event_failure()
    _make_sealed_event()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_REFUSAL)
    for table, *keys in APPEND_ONLY:
        make_append_only(table, *keys)


def downgrade() -> None:
    op.drop_table("booking_sealed_event")
    op.drop_table("booking_event_failure")
    op.drop_table("booking_event_bookmark")
    op.drop_table("booking_event_delivery")
    op.drop_table("booking_seal")
    op.drop_table("booking_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION booking_refuse_change()")


def _make_event() -> None:
    op.create_table(
        "booking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_user_id", sa.Integer(), nullable=True),
        sa.Column("actor_job", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("(actor_user_id IS NULL) <> (actor_job IS NULL)", name=op.f("ck_booking_event_one_actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_event")),
    )
    op.create_index(op.f("ix_booking_event_type"), "booking_event", ["type", "id"], unique=False)


def _make_seal() -> None:
    op.create_table(
        "booking_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_seal")),
        sa.UniqueConstraint("previous_digest", name=op.f("uq_booking_seal_previous_digest")),
    )


def _make_event_delivery() -> None:
    op.create_table(
        "booking_event_delivery",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["booking_event.id"], name=op.f("fk_booking_event_delivery_event_id_booking_event")
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_booking_event_delivery")),
    )


def _make_event_bookmark() -> None:
    op.create_table(
        "booking_event_bookmark",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_booking_event_bookmark")),
    )


def _make_event_failure() -> None:
    op.create_table(
        "booking_event_failure",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["booking_event.id"], name=op.f("fk_booking_event_failure_event_id_booking_event")
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_booking_event_failure")),
    )


def _make_sealed_event() -> None:
    op.create_table(
        "booking_sealed_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("seal_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["booking_event.id"], name=op.f("fk_booking_sealed_event_event_id_booking_event")
        ),
        sa.ForeignKeyConstraint(
            ["seal_id"], ["booking_seal.id"], name=op.f("fk_booking_sealed_event_seal_id_booking_seal")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_booking_sealed_event")),
    )
    op.create_index(op.f("ix_booking_sealed_event_seal_id"), "booking_sealed_event", ["seal_id"], unique=False)
