"""A second person at a machine: the rule, and who it is of reservations, series and slips; nobody of what is there.

Expand-only: columns with a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0109"
branch_labels = None
depends_on = None

TABLES = ("booking_reservation", "booking_series", "booking_usage")


def upgrade() -> None:
    op.add_column(
        "booking_machine", sa.Column("needs_second_person", sa.Boolean, nullable=False, server_default=sa.false())
    )
    for table in TABLES:
        op.add_column(table, sa.Column("second_person", sa.String, nullable=False, server_default=""))
        op.add_column(table, sa.Column("second_user_id", sa.Integer))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "second_user_id")
        op.drop_column(table, "second_person")
    op.drop_column("booking_machine", "needs_second_person")
