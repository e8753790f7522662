"""Closures learn when they were last changed, so that calendar programs do too.

Expand-only. One that was changed before has its last change with the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_blocking", sa.Column("changed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("booking_blocking", "changed_at")
