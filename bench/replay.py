"""What creates send to SQLite, written down and sent once more by the bare driver: alone, in groups, and by a crowd."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from app import create_app
from app.extensions import db
from bench.filling import FilledRing
from bench.paths import _create
from booking.kernel.shared_sync import shared_sync_of
from booking.kernel.write_lock import write_lock_of

COMMIT, BEGIN = "COMMIT", "BEGIN IMMEDIATE"
SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-1000", "temp_store=MEMORY")
FRAME_BYTES = 4096 + 24  # of a page in the log
PROCESSES = 2


class Sent(NamedTuple):
    """A statement as it was sent to the driver. is_many: values are those of several rows."""

    sql: str
    values: Any
    is_many: bool


Create = Sequence[Sent]
_SENT: list[Sent] = []


class RecordingCursor(sqlite3.Cursor):
    """A cursor that writes down what is sent."""

    def execute(self, sql: str, values: Any = (), /) -> RecordingCursor:
        """Write a statement down and execute it."""
        _SENT.append(Sent(sql, values, is_many=False))
        super().execute(sql, values)
        return self

    def executemany(self, sql: str, values: Iterable[Any], /) -> RecordingCursor:
        """Write a statement of several rows down and execute it."""
        rows = list(values)
        _SENT.append(Sent(sql, rows, is_many=True))
        super().executemany(sql, rows)
        return self


class RecordingConnection(sqlite3.Connection):
    """A connection that writes down what is sent."""

    def cursor(self, factory: Any = RecordingCursor) -> Any:
        """Return a cursor that writes down what is sent."""
        return super().cursor(factory)

    def execute(self, sql: str, values: Any = (), /) -> Any:
        """Write a statement down and execute it, on a cursor of its own."""
        return self.cursor().execute(sql, values)

    def commit(self) -> None:
        """Write the commit down, where there is something to commit, and commit."""
        if self.in_transaction:
            _SENT.append(Sent(COMMIT, (), is_many=False))
        super().commit()


def ring_on(filled: FilledRing, **more: Any) -> Any:
    """Return the ring on what was filled."""
    settings = {"BASE_URL": "http://127.0.0.1:8000", "API_LIMIT": "1000000 per minute", **more}
    return create_app(settings, instance_path=filled.instance)


def recorded(filled: FilledRing, copy: Path, count: int) -> list[Create]:
    """Return what each of some creates sent, and copy the database as it was before them."""
    app = ring_on(filled, SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"factory": RecordingConnection}})
    create: Callable[[], None] = _create(app, filled)
    for _token in filled.api_tokens:  # the first use of each is stored
        create()
    with closing(sqlite3.connect(filled.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    found = []
    for _number in range(count):
        _SENT.clear()
        create()
        found.append(_usual(_SENT))
    with app.app_context():
        db.engine.dispose()
    return found


def _usual(sent: Sequence[Sent]) -> Create:
    """Return the look for the login and the transaction, without what is read again only now and then."""
    begin = next(number for number, one in enumerate(sent) if one.sql == BEGIN)
    login = next(one for one in sent[:begin] if one.sql.startswith("SELECT auth_user."))
    return [login, *sent[begin:]]


class Replay:
    """Sends creates to a copy of the database, each with the ids that it finds there."""

    def __init__(self, copy: Path, creates: Iterable[Create]) -> None:
        self._file, self._left = copy, iter(creates)
        self._log = copy.with_name(copy.name + "-wal")
        self._connection = sqlite3.connect(copy, isolation_level=None, check_same_thread=False)
        for setting in SETTINGS:
            self._connection.execute(f"PRAGMA {setting}")
        self._size = 0
        self.pages: list[int] = []  # that each sync found in the log

    def send(self) -> None:
        """Send the next create, from BEGIN to COMMIT."""
        self._send(next(self._left), without=())

    def send_group(self, count: int) -> None:
        """Send the next ones in one transaction, each in a savepoint."""
        self._connection.execute(BEGIN)
        for _number in range(count):
            self._connection.execute("SAVEPOINT one")
            self._send(next(self._left), without=(BEGIN, COMMIT))
            self._connection.execute("RELEASE one")
        self._connection.execute(COMMIT)

    def sync(self) -> None:
        """Wait until the log is on the disk, as one that opens it each time."""
        handle = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fdatasync(handle)
            size = os.fstat(handle).st_size
        finally:
            os.close(handle)
        if self._size and size > self._size:
            self.pages.append((size - self._size) // FRAME_BYTES)
        self._size = size

    def send_in_turn(self) -> float:
        """Send the next one when it is its turn among all processes, wait for the disk, and return the seconds."""
        begin = time.perf_counter()
        with write_lock_of(self._file).acquire(60):
            self.send()
        shared_sync_of(self._file).wait()
        return time.perf_counter() - begin

    def _send(self, create: Create, without: Sequence[str]) -> None:
        hold_id = None
        for sql, values, is_many in create:
            if sql in without:
                continue
            if is_many:
                self._connection.cursor().executemany(sql, values)
            elif sql.startswith("INSERT INTO booking_hold "):
                hold_id = self._connection.execute(sql, values).lastrowid
            elif sql.startswith("INSERT INTO booking_reservation "):
                self._connection.execute(sql, [hold_id, *values[1:]])
            elif sql.startswith("INSERT INTO booking_occupancy "):
                self._connection.execute(sql, [*values[:-1], hold_id])
            else:
                self._connection.execute(sql, values).fetchall()


def crowd(copy: Path, creates: Sequence[Create], clients: int) -> list[float]:
    """Return the seconds of each create, sent by so many threads of two processes without a pause."""
    context = multiprocessing.get_context("fork")
    parts = [creates[number::clients] for number in range(clients)]
    found: Any = context.Queue()
    processes = [
        context.Process(target=_crowd_of_process, args=(copy, parts[number::PROCESSES], found))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    seconds = [one for _process in processes for one in found.get()]
    for process in processes:
        process.join()
    return seconds


def _crowd_of_process(copy: Path, parts: Sequence[Sequence[Create]], found: Any) -> None:
    seconds: list[float] = []
    threads = [Thread(target=_send_all, args=(copy, part, seconds)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.put(seconds)


def _send_all(copy: Path, part: Sequence[Create], seconds: list[float]) -> None:
    replay = Replay(copy, part)
    seconds.extend(replay.send_in_turn() for _create in part)
