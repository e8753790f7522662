"""Who is there as well when an offer of the waiting list is accepted without asking. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0126"
down_revision = "0125"
branch_labels = None
depends_on = None

TABLE = "booking_waiting_entry"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("second_person", sa.String, nullable=False, server_default=""))
    op.add_column(TABLE, sa.Column("second_user_id", sa.Integer))


def downgrade() -> None:
    op.drop_column(TABLE, "second_user_id")
    op.drop_column(TABLE, "second_person")
