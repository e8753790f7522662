"""Guards: triggers that refuse a verb on a table while a condition holds, on both databases.

For conditions that a CHECK cannot express because they look into other rows. The name of a guard is the text of its
error, so that a caller can recognise it.
"""

from __future__ import annotations

from typing import NamedTuple

from alembic import op


class Guard(NamedTuple):
    """A refusal of some verbs on a table while a condition on OLD or NEW holds.

    lock: the statement with which PostgreSQL locks a row first, so that the second of two concurrent transactions
    sees the rows of the first. SQLite has one writer at a time.
    """

    name: str
    table: str
    verbs: tuple[str, ...]
    condition: str
    lock: str = ""


def create_guard(guard: Guard) -> None:
    """Create the trigger of a guard; SQLite has one per verb, PostgreSQL one with a function of the same name."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in guard.verbs:
            op.execute(
                f"CREATE TRIGGER {guard.name}_{verb.lower()} BEFORE {verb} ON {guard.table} "
                f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.name}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {guard.lock} "
        f"IF {guard.condition} THEN RAISE EXCEPTION '{guard.name}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {' OR '.join(guard.verbs)} ON {guard.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
    )


def drop_guard(guard: Guard) -> None:
    """Drop what create_guard() created."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in guard.verbs:
            op.execute(f"DROP TRIGGER {guard.name}_{verb.lower()}")
        return
    op.execute(f"DROP TRIGGER {guard.name} ON {guard.table}")
    op.execute(f"DROP FUNCTION {guard.name}()")
