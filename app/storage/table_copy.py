"""Copying all rows of one database into another, of either kind, with the constraints of the target disabled.

The rows were valid in the source, so the target's triggers (append-only tables, closed periods) and foreign keys are
disabled during the copy. Both are enabled again before the commit, and the foreign keys of all rows are checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, func, insert, select, text

from booking.kernel import progress
from booking.kernel.orm import Base
from booking.models import DeletedId

BATCH_ROWS = 1_000
# Not empty even in a ring that nobody has set up: filled by the worker or by a migration.
FILLED_BY_PROGRAM = (
    "job_run",
    "booking_price_class",
    "installation",
    "billing_account",
    "billing_ledger",
    "billing_vat_rate",
    "billing_document_terms",
    "billing_vat_text",
    "billing_datev_terms",
)


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Copy every table; return table name -> number of rows. The target must be empty and have the same schema."""
    total, done = sum(count_rows(source).values()), 0
    with constraints_disabled(target):
        for table in Base.metadata.sorted_tables:
            if table.name in FILLED_BY_PROGRAM:
                target.execute(table.delete())
            done = _copy_table(source, target, table, done, total)
    _reset_sequences(target)
    return count_rows(target)


def count_rows(connection: Connection) -> dict[str, int]:
    """Return table name -> number of rows."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def has_content(connection: Connection) -> bool:
    """Return whether any data was entered."""
    return any(count for name, count in count_rows(connection).items() if name not in FILLED_BY_PROGRAM)


def lock_all(connection: Connection) -> None:
    """PostgreSQL: lock all tables until the end of the transaction."""
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


@contextmanager
def constraints_disabled(connection: Connection) -> Iterator[None]:
    """Disable triggers and foreign keys inside the current transaction, and enable them again."""
    disabled = _sqlite_constraints_disabled if connection.dialect.name == "sqlite" else _postgresql_constraints_disabled
    with disabled(connection):
        yield


def _copy_table(source: Connection, target: Connection, table: Table, done: int, total: int) -> int:
    """Copy a table and return how many rows are copied then. done, total: rows of all tables, for the progress."""
    rows = source.execution_options(yield_per=BATCH_ROWS).execute(select(table))
    for batch in rows.mappings().partitions():
        progress.report(done, total)
        target.execute(insert(table), [dict(row) for row in batch])
        done += len(batch)
    return done


@contextmanager
def _sqlite_constraints_disabled(connection: Connection) -> Iterator[None]:
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for name, _sql in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _name, sql in triggers:
        connection.exec_driver_sql(sql)


POSTGRESQL_FOREIGN_KEYS = text(
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname"
)


@contextmanager
def _postgresql_constraints_disabled(connection: Connection) -> Iterator[None]:
    foreign_keys = connection.execute(POSTGRESQL_FOREIGN_KEYS).all()
    for table, name, _rule in foreign_keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for each in Base.metadata.sorted_tables:
        connection.exec_driver_sql(f'ALTER TABLE "{each.name}" DISABLE TRIGGER USER')
    yield
    for each in Base.metadata.sorted_tables:
        connection.exec_driver_sql(f'ALTER TABLE "{each.name}" ENABLE TRIGGER USER')
    for table, name, rule in foreign_keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {rule}')


def _reset_sequences(connection: Connection) -> None:
    """PostgreSQL: set each sequence to the highest id. SQLite has no sequences."""
    if connection.dialect.name == "sqlite":
        return
    for table in Base.metadata.sorted_tables:
        if "id" not in table.primary_key.columns:
            continue
        sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
        if sequence:
            highest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
            deleted = select(DeletedId.last_id).where(DeletedId.table_name == table.name).scalar_subquery()
            next_id = func.greatest(highest, func.coalesce(deleted, 0)) + 1
            connection.execute(select(func.setval(sequence, next_id, False)))
