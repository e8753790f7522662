"""A picture of a machine for the cards of the catalogue; the worker makes those of the photos that are there already.

Expand-only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_photo", sa.Column("card", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    op.drop_column("booking_photo", "card")
