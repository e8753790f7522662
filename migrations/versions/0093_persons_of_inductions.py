"""Who of a member was inducted, and who ran a machine; what is there is of the member itself.

Expand-only: columns with a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

COLUMNS = {"booking_induction": "person", "booking_usage": "operator"}


def upgrade() -> None:
    for table, prefix in COLUMNS.items():
        op.add_column(table, sa.Column(f"{prefix}_name", sa.String, nullable=False, server_default=""))
        op.add_column(table, sa.Column(f"{prefix}_user_id", sa.Integer))


def downgrade() -> None:
    for table, prefix in COLUMNS.items():
        op.drop_column(table, f"{prefix}_user_id")
        op.drop_column(table, f"{prefix}_name")
