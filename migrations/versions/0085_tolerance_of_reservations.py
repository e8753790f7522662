"""By how much a reservation may be moved when its machine breaks down; not at all for what is there.

Expand-only: a column with a default.
"""

from __future__ import annotations

from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With its rule in one statement, which both databases know: the table need not be rebuilt.
    op.execute(
        "ALTER TABLE booking_reservation ADD COLUMN may_move_min INTEGER DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_booking_reservation_may_move_min CHECK (may_move_min BETWEEN 0 AND 10080)"
    )


def downgrade() -> None:
    op.drop_column("booking_reservation", "may_move_min")
