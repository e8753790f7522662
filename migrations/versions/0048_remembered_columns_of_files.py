"""The columns of imported files as somebody has assigned them, for the next file with the same headers.

Expand-only: one new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_remembered_columns",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("shape", sa.String, primary_key=True),
        sa.Column("choice", sa.JSON, nullable=False),
        sa.Column("chosen_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("import_remembered_columns")
