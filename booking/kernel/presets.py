"""What the ring expects of a connection to PostgreSQL, whatever its server, database or role presets.

Set by a statement and not at the start of the connection, because PgBouncer refuses options there. A pooler that gives
every transaction another connection keeps nothing beyond it, so there they are set in each transaction.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from booking.kernel.database_errors import RETRY_MUCH_LATER_SECONDS
from booking.kernel.deadlines import LOCK_SECONDS, ORDINARY
from booking.kernel.errors import DatabaseNotUnicode

POOLER, TRANSACTION = "pooler", "transaction"  # a part of the address: postgresql://...?pooler=transaction

_PRESETS = {
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "lock_timeout": f"{LOCK_SECONDS:g}s",
    "statement_timeout": ORDINARY.server_timeout,
    "idle_in_transaction_session_timeout": "15min",
}
_OF_NEWER_SERVERS = {"idle_session_timeout": "0", "transaction_timeout": "0"}
_IS_NOT_DURABLE = "current_setting('synchronous_commit') = 'off'"
# The path may name a schema of the operator's choice, but neither none nor another one than that of the tables.
_LEADS_NOWHERE = """
    pg_catalog.to_regclass('alembic_version') IS NULL AND (
        coalesce(current_schema(), 'pg_catalog') = 'pg_catalog'
        OR pg_catalog.to_regclass('public.alembic_version') IS NOT NULL
    )
"""


def has_transaction_pooler(url: URL) -> bool:
    """Return whether every transaction of this address may get another connection."""
    return url.query.get(POOLER) == TRANSACTION


@lru_cache(maxsize=2)
def setting_statement(*, is_local: bool) -> str:
    """Return the statement that sets all of them, for the session or for one transaction.

    A schema that holds the tables already stays the one that is used; a confirmed reservation is on the disk.
    """
    local = str(is_local).lower()
    settings = [f"set_config('{name}', '{value}', {local})" for name, value in _PRESETS.items()]
    settings += [
        f"CASE WHEN current_setting('{name}', true) <> '{value}' THEN set_config('{name}', '{value}', {local}) END"
        for name, value in _OF_NEWER_SERVERS.items()
    ]
    settings += [
        f"CASE WHEN {_IS_NOT_DURABLE} THEN set_config('synchronous_commit', 'on', {local}) END",
        f"CASE WHEN {_LEADS_NOWHERE} THEN set_config('search_path', '\"$user\", public', {local}) END",
    ]
    return "SELECT " + ", ".join(settings)


def prepare_connection(connection: Any, *, has_pooler: bool) -> None:
    """Set them on a new connection of the driver, and the isolation that every transaction asks for.

    Raises DatabaseNotUnicode, also under a web server that was started without a look at the database.
    """
    from psycopg import IsolationLevel

    _require_unicode(connection)
    connection.isolation_level = IsolationLevel.READ_COMMITTED
    if has_pooler:
        return
    connection.autocommit = True  # no COMMIT, which could wait
    with connection.cursor() as cursor:
        cursor.execute(setting_statement(is_local=False))
    connection.autocommit = False


def _require_unicode(connection: Any) -> None:
    """Raise DatabaseNotUnicode by what the server told when it connected; a pooler may keep that to itself."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding in (None, "UTF8"):
        return
    database = connection.info.dbname
    connection.close()
    raise DatabaseNotUnicode(database=database, encoding=encoding, retry_after_seconds=RETRY_MUCH_LATER_SECONDS)


def prepare_transaction(connection: Connection) -> None:
    """Set them in a transaction that has just begun, where the connection may be another one each time."""
    if has_transaction_pooler(connection.engine.url):
        connection.exec_driver_sql(setting_statement(is_local=True))
