"""Which writers a consumer of the event log has seen, so that it goes on beside others. Expand-only: none seen so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0161"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_event_cursor", sa.Column("seen_id", sa.Integer, nullable=False, server_default="0"))
    op.add_column("booking_event_cursor", sa.Column("seen_writers", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("seen_writers", "seen_id"):
        op.drop_column("booking_event_cursor", name)
