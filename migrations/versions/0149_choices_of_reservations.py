"""What is chosen with a reservation or a series: variants of its tariff. Expand-only, "" for what is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0149"
down_revision = "0148"
branch_labels = None
depends_on = None

TABLES = ("booking_reservation", "booking_series")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("choices", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "choices")
