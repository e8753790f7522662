"""Connections to PostgreSQL: found among several hosts, checked before they are used, thrown away once read-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

from booking.kernel import host_names, presets, stalled_commits
from booking.kernel.database_errors import READ_ONLY_TRANSACTION

# A PostgreSQL server that stopped answering is detected in time to answer the request within five seconds: an open
# connection is dropped after SILENCE_SECONDS, opening a new one fails after connect_timeout.
SILENCE_SECONDS = 2.0
_CONNECT = {
    "connect_timeout": 2,  # for each host
    "tcp_user_timeout": 10_000,  # milliseconds without acknowledgement in the middle of a transaction
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# A statement is prepared when a connection runs it for the third time, not the driver's sixth: a tenth to a quarter of
# the server's time where many come at once, and each connection meets their pages for the first time.
PREPARED_AFTER = 2
# Connections that a process keeps open, and how many more it opens at most.
POOL_SIZE, POOL_OVERFLOW = 10, 14
IS_NEW = "ringbuch_is_new"  # in the record of a connection that nobody has used yet
# Of several hosts at most one is the primary; the others are its replicas, which refuse every change.
_SEVERAL_HOSTS = {"target_session_attrs": "read-write"}


def connect_args(url: URL) -> dict[str, int | str]:
    """Return the connection arguments that a URL does not set itself."""
    arguments = _CONNECT | (_SEVERAL_HOSTS if has_several_hosts(url) else {})
    return {name: value for name, value in arguments.items() if name not in url.query}


def has_several_hosts(url: URL) -> bool:
    """Return whether a URL names more than one host, as ?host=a&host=b or ?host=a,b."""
    hosts = url.query.get("host", ())
    return len(hosts.split(",") if isinstance(hosts, str) else hosts) > 1


def prepare_engine(engine: Engine) -> None:
    """Register the hooks for new connections, for connections that are taken from the pool, and for errors."""
    event.listen(engine, "do_connect", Opening().open)
    event.listen(engine, "connect", lambda _raw, record: record.info.update({IS_NEW: True}))
    event.listen(engine, "checkout", _check_connection)
    event.listen(engine, "handle_error", _invalidate_useless)


class Opening:
    """How a connection is opened: the host that accepted the last one is tried first.

    After a fail-over every new connection would else wait for the timeout of a first host that is frozen.
    """

    def __init__(self) -> None:
        self._best: tuple[str, str] | None = None

    def open(self, _dialect: Dialect, _record: object, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        """Open a connection, in place of SQLAlchemy, and set it up before SQLAlchemy asks its first question.

        That would else be answered as the server presets it: in bytes, or not at all within its time-outs.
        """
        from booking.kernel.postgresql_connection import refuse_while_silent

        refuse_while_silent()
        has_pooler = parameters.pop(presets.POOLER, None) == presets.TRANSACTION
        parameters.setdefault("prepare_threshold", PREPARED_AFTER)
        if has_pooler:
            parameters["prepare_threshold"] = None  # statements are prepared on one connection and run on another
        parameters["client_encoding"] = "UTF8"  # PgBouncer takes it here, too
        connection = self._connect(arguments, parameters)
        presets.prepare_connection(connection, has_pooler=has_pooler)
        return connection

    def _connect(self, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        from psycopg import OperationalError

        from booking.kernel.postgresql_connection import DeadlineConnection

        if "hostaddr" in parameters or not parameters.get("host"):
            return DeadlineConnection.connect(*arguments, **parameters)
        pairs = list(zip(*(str(parameters.get(name, "")).split(",") for name in ("host", "port")), strict=False))
        pairs.sort(key=lambda pair: pair != self._best)
        servers, errors = host_names.with_addresses(pairs)
        if not servers:
            raise OperationalError("; ".join(str(error) for error in errors))
        others = {name: value for name, value in parameters.items() if name not in ("host", "port")}
        connection = DeadlineConnection.connect(*arguments, **others | servers)
        if len(pairs) > 1:
            self._best = connection.server
            stalled_commits.reached(self._best)
        return connection


def _check_connection(connection: Any, record: Any, _fairy: object) -> None:
    """Invalidate a pooled connection whose server no longer answers, so that the pool opens a new one.

    A new one is not asked: through PgBouncer each one opens while no server is there, and the pool, which gives up
    after two, would call that a fault of the program; the first statement says what it is.

    pool_pre_ping and tcp_user_timeout miss a server that is stopped or hangs while its kernel still acknowledges:
    with both, a request waited for as long as the server was silent (tests/web/http/test_database_reconnects.py).
    """
    if not record.info.pop(IS_NEW, False) and not connection.is_alive(SILENCE_SECONDS):
        raise InvalidatePoolError


def declare_reading(connection: Connection, *, is_reading: bool) -> None:
    """Begin the coming transaction READ ONLY, or as the server has it by default: a replica refuses READ WRITE."""
    driver_connection: Any = connection.connection.driver_connection
    wanted = True if is_reading else None
    if driver_connection.read_only is not wanted:
        driver_connection.read_only = wanted


def _invalidate_useless(context: ExceptionContext) -> None:
    """Throw away all connections once one was left dead, or a writer is refused: another server is the primary now."""
    if context.connection is None or context.is_disconnect:
        return
    driver_connection: Any = context.connection.connection.driver_connection
    if driver_connection.is_left_in_pipeline():
        driver_connection.give_up()
        context.is_disconnect = True
    elif getattr(context.original_exception, "sqlstate", None) == READ_ONLY_TRANSACTION:
        context.is_disconnect = not driver_connection.read_only
