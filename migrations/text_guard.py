"""The guard of texts on SQLite: a trigger refuses NUL in every text column, as PostgreSQL does by itself.

env.py removes the guard before the revisions and sets it after them, from the columns that there are then. So a
revision may rebuild a table or add and drop columns without a thought for it. A row that held NUL before may be
changed in its other columns; `ring check texts` finds it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

SUFFIX = "_texts"  # <table>_texts_INSERT, <table>_texts_UPDATE
# Its texts are codes of the program; what people type stands in JSON, which escapes NUL. Every use case writes it.
LEFT_OUT = ("booking_event", "alembic_version")

TRIGGERS = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_texts\\_%' ESCAPE '\\'")
TEXT_COLUMNS = text(
    "SELECT tables.name, columns.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns "
    "WHERE tables.type = 'table' AND (columns.type LIKE 'VARCHAR%' OR columns.type LIKE 'TEXT%') "
    "ORDER BY tables.name, columns.cid"
)
INSERT = """
CREATE TRIGGER "{table}_texts_INSERT" BEFORE INSERT ON "{table}" WHEN {condition}
BEGIN SELECT RAISE(ABORT, 'a text of {table} holds NUL'); END
"""
UPDATE = """
CREATE TRIGGER "{table}_texts_UPDATE" BEFORE UPDATE OF {columns} ON "{table}" WHEN {condition}
BEGIN SELECT RAISE(ABORT, 'a text of {table} holds NUL'); END
"""


def remove(connection: Connection) -> None:
    """Remove the guard from all tables."""
    for name in _on_sqlite(connection, TRIGGERS):
        connection.exec_driver_sql(f'DROP TRIGGER "{name[0]}"')


def install(connection: Connection) -> None:
    """Set the guard on all tables with texts."""
    columns_of: dict[str, list[str]] = {}
    for table, column in _on_sqlite(connection, TEXT_COLUMNS):
        if table not in LEFT_OUT:
            columns_of.setdefault(table, []).append(f'"{column}"')
    for table, columns in columns_of.items():
        entered = " OR ".join(f"instr(NEW.{column}, char(0))" for column in columns)
        changed = " OR ".join(f"(NEW.{each} IS NOT OLD.{each} AND instr(NEW.{each}, char(0)))" for each in columns)
        connection.exec_driver_sql(INSERT.format(table=table, condition=entered))
        connection.exec_driver_sql(UPDATE.format(table=table, columns=", ".join(columns), condition=changed))


def _on_sqlite(connection: Connection, query: object) -> list[tuple[str, ...]]:
    if connection.dialect.name != "sqlite":
        return []
    return [tuple(row) for row in connection.execute(query)]  # type: ignore[call-overload]
