"""An index of the members who bear an allocation, so that its page shows some of them at a time. Expand-only."""

from __future__ import annotations

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_billing_allocation_line_bearer", "billing_allocation_line", ["allocation_id", "member_id"])


def downgrade() -> None:
    op.drop_index("ix_billing_allocation_line_bearer", "billing_allocation_line")
