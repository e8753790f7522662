"""Append-only tables: the database refuses to update, delete, replace or truncate their rows.

The error is "<table> is append-only" on both databases.
"""

from __future__ import annotations

from alembic import op

Key = tuple[str, ...]

SQLITE_REFUSAL = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
POSTGRESQL_FUNCTION = """
CREATE FUNCTION booking_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def create_refusal_function() -> None:
    """Create the function that the triggers of all append-only tables share on PostgreSQL."""
    if not _is_sqlite():
        op.execute(POSTGRESQL_FUNCTION)


def drop_refusal_function() -> None:
    """Drop the shared function; no table may be append-only any more."""
    if not _is_sqlite():
        op.execute("DROP FUNCTION booking_refuse_change()")


def make_append_only(table: str, *keys: Key) -> None:
    """Create the triggers that make a table append-only.

    keys: its primary key and every unique key, as tuples of columns.
    """
    if _is_sqlite():
        _make_append_only_on_sqlite(table, keys)
    else:
        _make_append_only_on_postgresql(table)


def drop_append_only(table: str) -> None:
    """Drop the triggers that make_append_only() created."""
    verbs = ("replace", "delete", "update") if _is_sqlite() else ("truncate", "delete", "update")
    of_table = "" if _is_sqlite() else f" ON {table}"
    for verb in verbs:
        op.execute(f"DROP TRIGGER {table}_no_{verb}{of_table}")


def _make_append_only_on_sqlite(table: str, keys: tuple[Key, ...]) -> None:
    refusal = SQLITE_REFUSAL.format(table=table)
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refusal}")
    op.execute(
        # INSERT OR REPLACE deletes conflicting rows without firing the trigger on DELETE.
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN {' OR '.join(_exists(table, key) for key in keys)} {refusal}"
    )


def _make_append_only_on_postgresql(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION booking_refuse_change()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION booking_refuse_change()"
    )


def _exists(table: str, key: Key) -> str:
    same_key = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same_key})"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
