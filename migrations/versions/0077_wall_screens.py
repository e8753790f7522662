"""Screens in workshops that show the plan without a log-in, and how they write names.

Expand-only: a new table, and a column with a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_wall_screen",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), index=True),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("theme", sa.String, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme"),
    )
    # With its rule in one statement, which both databases know: the table need not be rebuilt.
    op.execute(
        "ALTER TABLE booking_ring ADD COLUMN wall_names VARCHAR DEFAULT 'none' NOT NULL"
        " CONSTRAINT ck_booking_ring_wall_names CHECK (wall_names IN ('names', 'initials', 'none'))"
    )


def downgrade() -> None:
    op.drop_column("booking_ring", "wall_names")
    op.drop_table("auth_wall_screen")
