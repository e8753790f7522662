"""Who is there as well with what each member of an exchange gets, where two persons are needed. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0121"
down_revision = "0120"
branch_labels = None
depends_on = None

TABLE, SIDES = "booking_exchange", ("receivers", "proposers")


def upgrade() -> None:
    for side in SIDES:
        op.add_column(TABLE, sa.Column(f"{side}_second", sa.String, nullable=False, server_default=""))
        op.add_column(TABLE, sa.Column(f"{side}_second_user_id", sa.Integer))


def downgrade() -> None:
    for side in SIDES:
        op.drop_column(TABLE, f"{side}_second_user_id")
        op.drop_column(TABLE, f"{side}_second")
