"""Over closed hours: a machine may be lent for days though its workshop is closed at night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "booking_machine",
        sa.Column("may_span_closed_hours", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("booking_machine", "may_span_closed_hours")
