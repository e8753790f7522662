"""What the processes of one installation share: the name of its secret key, and when the worker last ran.

Expand-only. The row is made by the first start of this version: migrations do not know SECRET_KEY.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key_mark", sa.String, nullable=False),
        sa.Column("worker_ran_at", UtcDateTime),
        sa.Column("worker", sa.String, nullable=False, server_default=""),
        sa.CheckConstraint("id = 1", name="single"),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )


def downgrade() -> None:
    op.drop_table("installation")
