"""Runs of clock jobs: the primary key lets one worker claim each due run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_run",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("due_at", UtcDateTime, primary_key=True),
        sa.Column("claimed_at", UtcDateTime, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("outcome", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("job_run")
