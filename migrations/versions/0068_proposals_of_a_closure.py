"""Since when a time that a manager proposed because of a closure waits for the member's answer.

Expand-only: a nullable column. Older versions of the program show such a reservation as confirmed, which it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_reservation", sa.Column("proposed_at", UtcDateTime))


def downgrade() -> None:
    op.drop_column("booking_reservation", "proposed_at")
