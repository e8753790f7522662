"""Indexes of the few: reservations of more than two days, members with a last day, addresses not split; and of names.

Expand-only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

LONG_SQLITE = sa.text("(julianday(ends_at) - julianday(starts_at)) > 2")
LONG_POSTGRESQL = sa.text("(extract(epoch from ends_at - starts_at) / 86400) > 2")


def upgrade() -> None:
    op.create_index(
        "ix_booking_reservation_long",
        "booking_reservation",
        ["starts_at", "id"],
        sqlite_where=LONG_SQLITE,
        postgresql_where=LONG_POSTGRESQL,
    )
    for name, column, condition in (
        ("ix_booking_member_leaving", "left_on", sa.text("left_on IS NOT NULL")),
        ("ix_booking_member_unsplit", "id", sa.text("address_text != ''")),
    ):
        op.create_index(name, "booking_member", [column], sqlite_where=condition, postgresql_where=condition)
    op.create_index("ix_booking_member_name", "booking_member", ["name", "id"])


def downgrade() -> None:
    for name in ("ix_booking_member_name", "ix_booking_member_unsplit", "ix_booking_member_leaving"):
        op.drop_index(name, "booking_member")
    op.drop_index("ix_booking_reservation_long", "booking_reservation")
