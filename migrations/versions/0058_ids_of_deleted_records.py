"""The highest deleted id of members and machines, so that no id is given twice.

SQLite gives the id of a deleted last row to the next one, and the event log would name the wrong record. Expand-only:
a table, and guards on the two others.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TABLES = {"member": "booking_member", "machine": "booking_machine"}  # as in events -> name of the table


def _guard(table: str) -> Guard:
    last = f"(SELECT last_id FROM booking_deleted_id WHERE table_name = '{table}')"
    return Guard(f"{table}_id_given_once", table, ("INSERT",), f"NEW.id <= {last}")


def upgrade() -> None:
    deleted = op.create_table(
        "booking_deleted_id",
        sa.Column("table_name", sa.String, primary_key=True),
        sa.Column("last_id", sa.Integer, nullable=False),
    )
    last: dict[str, int] = {}
    found = sa.text(
        "SELECT facts FROM booking_event WHERE type = 'record_changed' AND CAST(facts AS TEXT) LIKE :deleted"
    )
    for facts in op.get_bind().execute(found, {"deleted": '%"deleted"%'}).scalars():
        values = json.loads(facts) if isinstance(facts, str) else facts
        if values.get("what") == "deleted" and values.get("table") in TABLES:
            name = TABLES[values["table"]]
            last[name] = max(last.get(name, 0), values["record_id"])
    if last:
        op.bulk_insert(deleted, [{"table_name": name, "last_id": last_id} for name, last_id in last.items()])
    for table in TABLES.values():
        if op.get_bind().dialect.name == "sqlite":
            # After the insert: before it, SQLite does not know the id that it gives.
            guard = _guard(table)
            op.execute(
                f"CREATE TRIGGER {guard.name}_insert AFTER INSERT ON {table} "
                f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.name}'); END"
            )
        else:
            create_guard(_guard(table))


def downgrade() -> None:
    for table in TABLES.values():
        drop_guard(_guard(table))
    op.drop_table("booking_deleted_id")
