"""Write transactions: the only place in the program that commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from booking.kernel.engine import WAIT_MS, WRITING
from booking.kernel.errors import Busy
from booking.kernel.faults import DEADLOCK, LOCK_TIMEOUT, SERIALIZATION_FAILURE
from booking.kernel.gate import WAIT_SECONDS, gate_of

T = TypeVar("T")

TRIES = 3
WAIT_MS_MIN = 500  # also who waited long at the gate may wait for a moment at the database


@contextmanager
def write_transaction(session: Session, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Run one use case and commit it; on any error nothing of it is left.

    What the session read before is let go first: a use case decides on what is true now. Close the
    transaction before speaking to any network. Write transactions do not nest.

    Raises:
        Busy: the database could not be locked within wait_seconds. Nothing was stored.
    """
    if session.info.get(WRITING):
        # The inner one would throw away what the outer one has done so far.
        raise RuntimeError("a write transaction inside a write transaction: join the use cases instead")
    session.rollback()
    deadline = time.monotonic() + wait_seconds
    with _gate(session, wait_seconds), _marked_as_writing(session):
        try:
            _begin(session, deadline)
            yield
            session.commit()
        except (OperationalError, NoConnectionFree) as error:
            session.rollback()
            if _is_lock_wait(error):
                raise Busy(retry_after_seconds=1) from error
            raise
        except BaseException:
            session.rollback()
            raise


def in_write_transaction(session: Session, use_case: Callable[[], T]) -> T:
    """Run a use case in a write transaction, again when PostgreSQL asks for it (at most three times).

    The use case must read everything it decides on inside itself. Raises Busy after the last try.
    """
    for last_try in (False,) * (TRIES - 1) + (True,):
        try:
            with write_transaction(session):
                return use_case()
        except DBAPIError as error:
            if _sqlstate(error) not in (SERIALIZATION_FAILURE, DEADLOCK):
                raise
            if last_try:
                raise Busy(retry_after_seconds=1) from error
    raise AssertionError("unreachable: the last try returns or raises")


def _begin(session: Session, deadline: float) -> None:
    # In whole tenths of a second: the usual wait is what every connection knows already.
    wait_ms = max(WAIT_MS_MIN, 100 * round((deadline - time.monotonic()) * 10))
    session.connection(execution_options={WRITING: True, WAIT_MS: wait_ms})


@contextmanager
def _marked_as_writing(session: Session) -> Iterator[None]:
    session.info[WRITING] = True
    try:
        yield
    finally:
        session.info[WRITING] = False


def _gate(session: Session, wait_seconds: float) -> AbstractContextManager[None]:
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        return nullcontext()
    return gate_of(Path(engine.url.database)).passed(wait_seconds)


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_lock_wait(error: OperationalError | NoConnectionFree) -> bool:
    if isinstance(error, NoConnectionFree):
        return True
    return _sqlstate(error) == LOCK_TIMEOUT or "database is locked" in str(error.orig)
