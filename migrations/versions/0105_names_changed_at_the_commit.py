"""The version of the names of members changes when a transaction commits: PostgreSQL locks its one row no longer than that.

An import of members locked the row with its first member, and whoever changed another member meanwhile waited for the whole import and
was refused. A constraint trigger that is deferred runs for each member that was changed; the first one changes the version. SQLite has
one writer at a time.
"""

from __future__ import annotations

from alembic import op

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

TABLE, COLUMNS = "booking_member_names", ("number", "name", "trade", "email")
OTHER_NAMES = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in COLUMNS)
CHANGES = {"insert": "INSERT", "delete": "DELETE", "update": f"UPDATE OF {', '.join(COLUMNS)}"}
UPSERT = f"""INSERT INTO {TABLE} (id, version) VALUES (1, gen_random_uuid()::text)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version;"""
IS_CHANGED = f"EXISTS (SELECT 1 FROM {TABLE} WHERE xmin = pg_current_xact_id()::xid)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _function(f"IF NOT {IS_CHANGED} THEN {UPSERT} END IF;")
    for name, change in CHANGES.items():
        when = f"WHEN ({OTHER_NAMES})" if name == "update" else ""
        _trigger(name, change, "CONSTRAINT TRIGGER", f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {when}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _function(UPSERT)
    for name, change in CHANGES.items():
        _trigger(name, change, "TRIGGER", "FOR EACH STATEMENT")


def _function(body: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {TABLE}_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {body} RETURN NULL; END $$"
    )


def _trigger(name: str, change: str, kind: str, timing: str) -> None:
    op.execute(f"DROP TRIGGER {TABLE}_{name} ON booking_member")
    op.execute(
        f"CREATE {kind} {TABLE}_{name} AFTER {change} ON booking_member {timing} EXECUTE FUNCTION {TABLE}_changed()"
    )
