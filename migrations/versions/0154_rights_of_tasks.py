"""By which rights the result of a task was made. Expand-only: a column that may be empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0154"
down_revision = "0153"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("background_task", sa.Column("rights", sa.JSON))


def downgrade() -> None:
    op.drop_column("background_task", "rights")
