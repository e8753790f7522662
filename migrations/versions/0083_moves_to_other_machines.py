"""When a reservation was last moved away from a machine to another one, for Last-Modified of the machine's feed.

Expand-only: a column that may be empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_machine", sa.Column("moved_away_at", UtcDateTime))


def downgrade() -> None:
    op.drop_column("booking_machine", "moved_away_at")
