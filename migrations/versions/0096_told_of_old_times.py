"""When members heard that the old time of a reservation is free again. Expand-only: a new column."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_replanned", sa.Column("told_free_at", UtcDateTime))


def downgrade() -> None:
    op.drop_column("booking_replanned", "told_free_at")
