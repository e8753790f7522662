"""The small picture beside a photo; the worker makes those of the photos that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_photo", sa.Column("thumb", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    op.drop_column("booking_photo", "thumb")
