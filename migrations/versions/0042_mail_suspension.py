"""Mails wait while the server takes none from us: the stored circuit breaker, and mails that wait by our own fault.

Expand-only: a new table and a column with a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_suspension",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("open_until", UtcDateTime, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("is_our_fault", sa.Boolean, nullable=False),
        sa.Column("by_refusals", sa.Boolean, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.add_column("mail_outbox", sa.Column("is_our_fault", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("mail_outbox", "is_our_fault")
    op.drop_table("mail_suspension")
