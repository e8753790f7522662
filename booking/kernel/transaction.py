"""Write transactions: the only code in the program that commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from booking.kernel import stalled_commits
from booking.kernel.database_errors import (
    DEADLOCK,
    LOCK_TIMEOUT,
    RETRY_LATER_SECONDS,
    SERIALIZATION_FAILURE,
    is_connection_lost,
    is_outcome_unknown,
    is_unreachable,
    is_unserved,
)
from booking.kernel.engine import CAN_SYNC_LATER, IS_DURABLE, SYNCS_LATER, WAIT_MS, WRITING
from booking.kernel.errors import Busy, OutcomeUnknown, WriteClash
from booking.kernel.shared_sync import shared_sync_of
from booking.kernel.write_lock import WAIT_SECONDS, short_turns, write_lock_of

T = TypeVar("T")

TRIES = 3
REPEAT_SECONDS_MAX = 2.0  # after a lost connection: who has waited for longer is told, and may repeat it himself
SILENT_MAX = 2  # use cases in a row to which the database does not answer
# Keys of Session.info: what has to run before each commit, and what use cases noted for it.
BEFORE_COMMIT, _NOTES = "before commit", "notes of the transaction"
WAIT_MS_MIN = 500  # wait for the database at least this long, however long the write lock took


@contextmanager
def write_transaction(
    session: Session, *, wait_seconds: float = WAIT_SECONDS, is_durable: bool = True
) -> Iterator[None]:
    """Run one use case and commit it; on any error roll it back.

    What the session read before is discarded first, so that the use case decides on current data. Leave the
    with-block before any network call. Write transactions do not nest. What is wired under BEFORE_COMMIT in the info of
    the session runs at the end, and is stored with the use case or not at all.

    is_durable: whether the commit waits until it is on the disk, and on synchronous standbys. False only where its
    loss with the power of the machine or with its database server does no harm: everybody sees it at once, and it
    survives the end of this program.

    Raises:
        Busy: the database could not be locked within wait_seconds, or does not confirm commits. Nothing was stored.
        OutcomeUnknown: connection or disk failed at the commit, or it was not confirmed in time.
    """
    if is_writing(session):  # the inner one would discard what the outer one has done so far
        raise RuntimeError("a write transaction inside a write transaction: join the use cases instead")
    discard(session)
    if is_durable and not stalled_commits.may_write():
        raise Busy(retry_after_seconds=RETRY_LATER_SECONDS)
    deadline = time.monotonic() + wait_seconds
    with _synced(session), _write_lock(session, wait_seconds), _marked_as_writing(session):
        try:
            _begin(session, deadline, is_durable=is_durable)
            yield
            for finish in session.info.get(BEFORE_COMMIT, ()):
                finish(session)
            _commit(session)
            if is_durable:
                stalled_commits.clear()  # standbys confirm
        except (OperationalError, NoConnectionFree) as error:
            discard(session)
            if _is_lock_wait(error):
                raise Busy(retry_after_seconds=1) from error
            raise
        except BaseException:
            discard(session)
            raise


def discard(session: Session) -> None:
    """Roll back what a session has begun. A connection that was lost meanwhile has nothing to roll back."""
    try:
        session.rollback()
    except DBAPIError:
        session.invalidate()


def in_write_transaction(session: Session, use_case: Callable[[], T], *, is_durable: bool = True) -> T:
    """Run a use case in a write transaction, and again where nothing was stored and the next try may succeed.

    That is after a deadlock, a serialisation failure and a connection that was lost before the commit, at most three
    times; after a lost one not for long, because a pooler ends each new one only when it has waited for a server in
    vain. The use case must itself read everything it decides on. Raises WriteClash after the last try.
    is_durable: as of write_transaction().
    """
    started = time.monotonic()
    for is_last_try in (False,) * (TRIES - 1) + (True,):
        try:
            with write_transaction(session, is_durable=is_durable):
                return use_case()
        except DBAPIError as error:
            is_clash = _sqlstate(error) in (SERIALIZATION_FAILURE, DEADLOCK)
            is_late = is_last_try or time.monotonic() - started > REPEAT_SECONDS_MAX
            if not is_clash and (is_late or not is_connection_lost(error)):
                raise
            if is_last_try:
                raise WriteClash(retry_after_seconds=1) from error
    raise AssertionError("unreachable: the last try returns or raises")


def in_own_transactions(session: Session, use_cases: Iterable[Callable[[], int]]) -> int:
    """Run each use case in a write transaction of its own; return the sum of what they return.

    One that fails stops no other: its error is raised when all have run, that of a busy or lost database before others.
    Only a database that answers two in a row not at all ends them: each would wait for it in turn. One alone may ask
    for what takes too long.
    """
    count = silent = 0
    errors: list[Exception] = []
    for use_case in use_cases:
        try:
            count += in_write_transaction(session, use_case)
            silent = 0
        except Exception as error:  # noqa: BLE001 - raised below, when all others are done
            errors.append(error)
            silent = silent + 1 if is_unreachable(error) else 0
            if silent == SILENT_MAX:
                break
    if errors:
        raise min(errors, key=lambda error: not is_unserved(error))
    return count


def is_writing(session: Session) -> bool:
    """Return whether the session is inside write_transaction()."""
    return bool(session.info.get(WRITING))


def notes_of(session: Session) -> dict[str, Any]:
    """Return what use cases of this write transaction noted for its end; forgotten with it."""
    notes: dict[str, Any] = session.info.setdefault(_NOTES, {})
    return notes


def _commit(session: Session) -> None:
    """Commit. Raises OutcomeUnknown where the answer of the database got lost, so that it may be stored or not."""
    session.flush()
    try:
        session.commit()
    except DBAPIError as error:
        if is_outcome_unknown(error):
            raise OutcomeUnknown(retry_after_seconds=RETRY_LATER_SECONDS) from error
        raise


def _begin(session: Session, deadline: float, *, is_durable: bool) -> None:
    # In whole tenths of a second: the usual wait is then the one already set on the connection.
    wait_ms = max(WAIT_MS_MIN, 100 * round((deadline - time.monotonic()) * 10))
    options = {WRITING: True, WAIT_MS: wait_ms, IS_DURABLE: is_durable, SYNCS_LATER: True}
    connection = session.connection(execution_options=options)
    session.info[SYNCS_LATER] = is_durable and connection.info.get(CAN_SYNC_LATER, False)


@contextmanager
def _synced(session: Session) -> Iterator[None]:
    """Wait at the end until a durable commit is on the disk, where it did not wait itself: others write meanwhile."""
    yield
    if session.info.get(SYNCS_LATER, False):
        shared_sync_of(_database_file(session)).wait()


@contextmanager
def _marked_as_writing(session: Session) -> Iterator[None]:
    session.info[WRITING], session.info[_NOTES] = True, {}
    try:
        yield
    finally:
        session.info[WRITING], session.info[_NOTES] = False, {}


@contextmanager
def _write_lock(session: Session, wait_seconds: float) -> Iterator[None]:
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        yield
        return
    with write_lock_of(_file_at(engine.url.database)).acquire(wait_seconds), short_turns():
        yield


def _database_file(session: Session) -> Path:
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    return _file_at(engine.url.database or "")


_file_at = cache(Path)  # a path is made, and its hash worked out, once: 2 % of a reservation by the API


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_lock_wait(error: OperationalError | NoConnectionFree) -> bool:
    if isinstance(error, NoConnectionFree):
        return True
    return _sqlstate(error) == LOCK_TIMEOUT or "database is locked" in str(error.orig)
