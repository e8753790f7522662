"""What is chosen with a wish of the waiting list: variants of a tariff. Expand-only, "" for what is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0156"
down_revision = "0155"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_waiting_entry", sa.Column("choices", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("booking_waiting_entry", "choices")
