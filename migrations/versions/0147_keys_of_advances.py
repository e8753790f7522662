"""Tax keys in DATEV rows of advances, too, where the adviser wants them there. Expand-only.

Without them until somebody says so, as in the files of before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0147"
down_revision = "0146"
branch_labels = None
depends_on = None

TABLE, COLUMN = "billing_datev_terms", "has_advance_keys"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column(COLUMN, sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column(TABLE, COLUMN)
