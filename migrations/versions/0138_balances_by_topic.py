"""What a balance is made of is summed from an index alone: a member may have ten thousand lines. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0138"
down_revision = "0137"
branch_labels = None
depends_on = None

OF_MEMBERS = sa.text("member_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_billing_posting_topic",
        "billing_posting",
        ["member_id", "topic", "cents"],
        sqlite_where=OF_MEMBERS,
        postgresql_where=OF_MEMBERS,
    )


def downgrade() -> None:
    op.drop_index("ix_billing_posting_topic", "billing_posting")
