"""When a move gave up the time of a missed reservation, beside when that was cancelled. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0146"
down_revision = "0145"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("billing_missed", sa.Column("moved_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("billing_missed", "moved_at")
