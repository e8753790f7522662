"""A reservation keeps its former time while a move waits for approval. The database refuses half of a former time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

INSTANTS = ("former_starts_at", "former_ends_at", "former_occupied_from", "former_occupied_until")
FORMER = (*INSTANTS, "former_places")
COMPLETE = (
    "("
    + " AND ".join(f"{name} IS NULL" for name in FORMER)
    + ") OR ("
    + " AND ".join(f"{name} IS NOT NULL" for name in FORMER)
    + " AND former_occupied_from <= former_starts_at AND former_starts_at < former_ends_at"
    " AND former_ends_at <= former_occupied_until AND former_places > 0)"
)
CHECKS = {"former_complete": COMPLETE, "former_undecided": "former_starts_at IS NULL OR status = 'requested'"}


def upgrade() -> None:
    for name in INSTANTS:
        op.add_column("booking_reservation", sa.Column(name, UtcDateTime))
    if op.get_bind().dialect.name == "sqlite":
        # SQLite adds a CHECK only with a column. Rebuilding the table would lock a ring with a long history out.
        checks = " ".join(f"CONSTRAINT ck_booking_reservation_{name} CHECK ({check})" for name, check in CHECKS.items())
        op.execute(f"ALTER TABLE booking_reservation ADD COLUMN former_places INTEGER {checks}")
        return
    op.add_column("booking_reservation", sa.Column("former_places", sa.Integer))
    for name, check in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_booking_reservation_{name}"), "booking_reservation", check)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for name in CHECKS:
            op.drop_constraint(op.f(f"ck_booking_reservation_{name}"), "booking_reservation", type_="check")
    for name in reversed(FORMER):
        op.drop_column("booking_reservation", name)
