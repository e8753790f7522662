"""Tables of history: the database refuses to change, delete, replace or empty them, whoever asks.

Used by the migrations that make such tables. The wording "<table> is append-only" is the same on both databases.
"""

from __future__ import annotations

from alembic import op

Key = tuple[str, ...]

REFUSAL = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"


def make_append_only(table: str, *keys: Key) -> None:
    """Put the refusals on a table. keys: its primary key and every unique one, as tuples of columns."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {REFUSAL.format(table=table)}"
            )
        op.execute(
            # INSERT OR REPLACE deletes what is in its way without asking the trigger on DELETE.
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN {' OR '.join(_is_there(table, key) for key in keys)} {REFUSAL.format(table=table)}"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION booking_refuse_change()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION booking_refuse_change()"
    )


def _is_there(table: str, key: Key) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"
