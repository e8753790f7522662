"""A bill whose form was sent twice is entered once.

Expand-only: what was entered before, and what comes without a form, has no key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("billing_cost", sa.Column("form_key", sa.String(), nullable=True))
    op.create_index(op.f("ix_billing_cost_form_key"), "billing_cost", ["form_key"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_billing_cost_form_key"), table_name="billing_cost")
    op.drop_column("billing_cost", "form_key")
