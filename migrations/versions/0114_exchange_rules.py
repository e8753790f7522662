"""Whether members may exchange reservations and how long an answer may take; swaps that wait for the workshop.

Expand-only: columns with defaults, and a guard that allows more time to answer, for members who hear of it late.
"""

from __future__ import annotations

from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0114"
down_revision = "0113"
branch_labels = None
depends_on = None

TABLE = "booking_exchange"
_KEPT = ("given_id", "given_revision", "proposer_id", "receiver_id", "proposed_at", "note")
_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _KEPT)
_NOT_THE_SAME = "COALESCE(NEW.wanted_id, 0) <> COALESCE(OLD.wanted_id, 0)"
_SHORTER, _OTHER_END = "NEW.lapses_at < OLD.lapses_at", "NEW.lapses_at <> OLD.lapses_at"


def upgrade() -> None:
    # With its rule in one statement, which both databases know: no table need be rebuilt.
    op.execute("ALTER TABLE booking_ring ADD COLUMN are_exchanges_allowed BOOLEAN DEFAULT true NOT NULL")
    op.execute(
        "ALTER TABLE booking_ring ADD COLUMN exchange_hours INTEGER DEFAULT 48 NOT NULL"
        " CONSTRAINT ck_booking_ring_exchange_hours CHECK (exchange_hours BETWEEN 1 AND 336)"
    )
    instant = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN agreed_at {instant}"
        f" CONSTRAINT ck_{TABLE}_agreed CHECK (agreed_at IS NULL OR wanted_id IS NOT NULL)"
    )
    drop_guard(_guard(_OTHER_END))
    create_guard(_guard(_SHORTER))


def downgrade() -> None:
    drop_guard(_guard(_SHORTER))
    create_guard(_guard(_OTHER_END))
    op.drop_column(TABLE, "agreed_at")
    op.drop_column("booking_ring", "exchange_hours")
    op.drop_column("booking_ring", "are_exchanges_allowed")


def _guard(about_time: str) -> Guard:
    condition = f"OLD.state <> 'open' OR {_CHANGED} OR {about_time} OR {_NOT_THE_SAME}"
    return Guard("booking_exchange_ended", TABLE, ("UPDATE",), condition)
