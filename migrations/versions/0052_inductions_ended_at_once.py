"""Inductions that end at once, and the last day before one was shortened, so that ending it can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_induction", sa.Column("ended_at", UtcDateTime, nullable=True))
    with op.batch_alter_table("booking_induction") as table:
        table.add_column(sa.Column("given_until", sa.Date, nullable=True))
        table.create_check_constraint("shortened", "given_until IS NULL OR valid_until < given_until")


def downgrade() -> None:
    with op.batch_alter_table("booking_induction") as table:
        table.drop_constraint("shortened", type_="check")
        table.drop_column("given_until")
    op.drop_column("booking_induction", "ended_at")
