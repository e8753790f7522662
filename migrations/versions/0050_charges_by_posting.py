"""An index of charges by the instant of posting, for the list by day of posting."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_billing_charge_created_at"), "billing_charge", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_billing_charge_created_at"), "billing_charge")
