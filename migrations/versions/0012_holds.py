"""Holds: the one cause of occupancies, of a kind, with the id of the reservation or closure that it belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_hold",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.UniqueConstraint("id", "kind"),
    )


def downgrade() -> None:
    op.drop_table("booking_hold")
