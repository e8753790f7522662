"""Whether the member of an offer is asked though its entry is accepted without asking. Expand-only, no for what is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0159"
down_revision = "0158"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_offer", sa.Column("is_asked", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("booking_offer", "is_asked")
