"""Index of the no-shows by the time of their report, for the list of what can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

NO_SHOW = "ix_booking_reservation_no_show"


def upgrade() -> None:
    condition = sa.text("status = 'no_show'")
    op.create_index(NO_SHOW, "booking_reservation", ["changed_at"], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    op.drop_index(NO_SHOW, "booking_reservation")
