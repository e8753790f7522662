"""The phone number of a workshop, for members who are refused or stand at a machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_workshop", sa.Column("phone", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("booking_workshop", "phone")
