"""What a ring lends has a sort: a machine, a room, a person or a tool. What is there already is a machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

CHECK = "sort IN ('machine', 'room', 'person', 'tool')"
NAME = "ck_booking_machine_sort"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite adds a CHECK only with a column; rebuilding the table would drop its triggers.
        column = f"sort VARCHAR NOT NULL DEFAULT 'machine' CONSTRAINT {NAME} CHECK ({CHECK})"
        op.execute(f"ALTER TABLE booking_machine ADD COLUMN {column}")
        return
    op.add_column("booking_machine", sa.Column("sort", sa.String, nullable=False, server_default="machine"))
    op.create_check_constraint(op.f(NAME), "booking_machine", CHECK)


def downgrade() -> None:
    op.drop_column("booking_machine", "sort")
