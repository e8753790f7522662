"""Exchanges of reservations between members. Expand-only: a new table with its guards.

One that has ended is history, and nothing of an open one but its end is changed; none is deleted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.guards import Guard, create_guard, drop_guard

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

TABLE = "booking_exchange"
_KEPT = ("given_id", "given_revision", "proposer_id", "receiver_id", "proposed_at", "lapses_at", "note")
_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _KEPT)
_NOT_THE_SAME = "COALESCE(NEW.wanted_id, 0) <> COALESCE(OLD.wanted_id, 0)"
GUARDS = (
    Guard("booking_exchange_kept", TABLE, ("DELETE",), "1 = 1"),
    Guard("booking_exchange_ended", TABLE, ("UPDATE",), f"OLD.state <> 'open' OR {_CHANGED} OR {_NOT_THE_SAME}"),
)
STATES = "'open', 'accepted', 'declined', 'lapsed', 'withdrawn', 'outdated'"
IS_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("given_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), nullable=False, index=True),
        sa.Column("given_revision", sa.Integer, nullable=False),
        sa.Column("wanted_id", sa.Integer, sa.ForeignKey("booking_reservation.id"), index=True),
        sa.Column("wanted_revision", sa.Integer),
        sa.Column("proposer_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("receiver_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("proposed_at", UtcDateTime, nullable=False),
        sa.Column("lapses_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("made_for_receiver_id", sa.Integer, sa.ForeignKey("booking_reservation.id")),
        sa.Column("made_for_proposer_id", sa.Integer, sa.ForeignKey("booking_reservation.id")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("proposer_id <> receiver_id", name="members_distinct"),
        sa.CheckConstraint("wanted_id IS NULL OR wanted_id <> given_id", name="reservations_distinct"),
        sa.CheckConstraint("(wanted_id IS NULL) = (wanted_revision IS NULL)", name="wanted_complete"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint("(state = 'accepted') = (made_for_receiver_id IS NOT NULL)", name="accepted"),
        sa.CheckConstraint(
            "(state = 'accepted' AND wanted_id IS NOT NULL) = (made_for_proposer_id IS NOT NULL)", name="swapped"
        ),
        sa.CheckConstraint("proposed_at < lapses_at", name="span_positive"),
    )
    op.create_index(
        "uq_booking_exchange_open",
        TABLE,
        ["given_id"],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_index(None, TABLE, ["state", "lapses_at"])
    op.create_index(None, TABLE, ["proposer_id", "state"])
    op.create_index(None, TABLE, ["receiver_id", "state"])
    for guard in GUARDS:
        create_guard(guard)


def downgrade() -> None:
    for guard in GUARDS:
        drop_guard(guard)
    op.drop_table(TABLE)
