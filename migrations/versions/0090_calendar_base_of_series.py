"""What the SEQUENCE of a series counts beside the revisions of its dates. Expand-only: one column with a default."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_series", sa.Column("calendar_base", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("booking_series", "calendar_base")
