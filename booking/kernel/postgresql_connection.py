"""A psycopg connection that waits for its server only until a deadline. Imports psycopg: load it where it is used."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from psycopg import Connection, Cursor, Error, OperationalError, errors, generators
from psycopg.abc import PQGen
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn

from booking.kernel import deadlines, stalled_commits

T = TypeVar("T")
REFUSED_SECONDS = 1.0
READING = ("SELECT", "WITH")
PLANNED_EACH_TIME = 5  # as PostgreSQL fixes it


class AnswerOverdue(OperationalError):
    """The server did not answer before the deadline. The connection is closed."""

    is_overdue = True  # for database_errors.py, which does not import psycopg


class Silence:
    """The last time that a statement was not answered: for a moment nobody opens a new connection to that server.

    Requests that wait for the thread of that statement would else wait for a connection as well.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def note(self) -> None:
        """Record that a statement was not answered."""
        self._until = time.monotonic() + REFUSED_SECONDS

    def refuse(self) -> None:
        """Raise AnswerOverdue a moment after a statement that was not answered."""
        if time.monotonic() < self._until:
            raise AnswerOverdue("the server did not answer a moment ago")


_silence = Silence()
refuse_while_silent = _silence.refuse


class NotingCursor(Cursor[Any]):
    """A cursor that notes what is read by it."""

    def execute(self, query: Any, params: Any = None, **named: Any) -> Any:
        """Note a statement with its parameters, and execute it."""
        connection = self.connection
        if isinstance(connection, DeadlineConnection) and str(query).startswith(READING):
            connection.noted[str(query)] = params
        return super().execute(query, params, **named)


class DeadlineConnection(Connection[Any]):
    """A connection whose every wait ends in time. After a deadline it counts as closed.

    noted: what was read by it between begin_noting() and end_noting(), with the parameters.
    """

    is_stalled = False  # its COMMIT is not answered: open, so that an answer can still be noticed

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self.noted: dict[str, Any] = {}

    def begin_noting(self) -> None:
        """Note what is read by this connection from now on."""
        self.cursor_factory = NotingCursor

    def end_noting(self) -> Mapping[str, Any]:
        """Return what was read since begin_noting()."""
        self.cursor_factory, noted, self.noted = Cursor, self.noted, {}
        return noted

    def rehearse(self, statements: Mapping[str, Any]) -> None:
        """Run statements until the server knows whether one plan serves all parameters, unless one fails.

        A server plans a prepared statement five times for its parameters before it compares. Planned each time, the
        statements of a visit take a third more of its processor time.
        """
        with suppress(Error):
            for query, params in statements.items():
                for _time in range(PLANNED_EACH_TIME + 1):
                    self.execute(query, params, prepare=True)

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Run an operation until its deadline. Raises AnswerOverdue."""
        seconds = deadlines.current().statement_seconds if timeout is None else timeout
        try:
            return super().wait(gen, interval, seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
            if timeout is None:
                _silence.note()
            raise AnswerOverdue(f"the server did not answer within {seconds:g} s") from None

    def commit(self) -> None:
        """Commit; a COMMIT without an answer is not cancelled, because the server would then report success."""
        seconds = deadlines.current().commit_seconds
        try:
            with self.lock:
                super().wait(self._commit_gen(), timeout=seconds)
        except errors._WaitTimeout:
            self.is_stalled = True
            stalled_commits.add(self)
            raise AnswerOverdue(f"the server did not confirm the commit within {seconds:g} s") from None

    def rollback(self) -> None:
        """Roll back, or close the connection, which has the same effect.

        psycopg forgets its prepared statements with every rollback, because types and tables might be gone. No request
        makes any, so only a transaction in which a statement failed is ended that way, and a READ ONLY one like one
        that succeeded: /machines takes 5.5 ms of the server's processor time instead of 9.7.
        """
        if self.info.transaction_status is TransactionStatus.INTRANS:
            end: PQGen[Any] = self._exec_command(b"END" if self.read_only else b"ROLLBACK")
        else:
            end = self._rollback_gen()
        with self.lock:
            self.wait(end, timeout=deadlines.ROLLBACK_SECONDS)

    @property
    def closed(self) -> bool:
        """Whether the connection can be used no more."""
        return self.is_stalled or super().closed

    def is_alive(self, seconds: float) -> bool:
        """Send an empty query and return whether the server replies to it in time.

        A server that ended the connection has left a message about that, which is no reply to the query.
        """
        try:
            self.pgconn.send_query(b"")
            results = self.wait(generators.execute(self.pgconn), timeout=seconds)
        except OperationalError:
            return False
        return [result.status for result in results] == [ExecStatus.EMPTY_QUERY]

    @property
    def server(self) -> tuple[str, str]:
        """Host and port of the server, of several that the address names."""
        return self.info.host, str(self.info.port)

    def is_left_in_pipeline(self) -> bool:
        """Return whether psycopg, which sends many rows at once in one, could not end it: the connection died under it.

        libpq does not call it dead then, and would refuse every further statement on it.
        """
        return self.pgconn.status == ConnStatus.OK and self.pgconn.pipeline_status != PipelineStatus.OFF

    def give_up(self) -> None:
        """Close the connection without waiting for an answer."""
        self.pgconn.finish()

    def has_answered(self) -> bool:
        """Return whether a stalled COMMIT was answered, or its connection lost; then close the connection."""
        try:
            self.pgconn.consume_input()
            is_waiting = self.pgconn.is_busy()
        except OperationalError:
            is_waiting = False
        if not is_waiting:
            self.pgconn.finish()
        return not is_waiting
