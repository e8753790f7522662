"""What the last import of each kind did, so that it can be taken back as a whole.

Expand-only: two new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_last",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("stored_at", UtcDateTime, nullable=False),
        sa.Column("user_id", sa.Integer),
    )
    op.create_table(
        "import_last_record",
        sa.Column("kind", sa.String, sa.ForeignKey("import_last.kind", ondelete="CASCADE"), primary_key=True),
        sa.Column("record_id", sa.Integer, primary_key=True),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("import_last_record")
    op.drop_table("import_last")
