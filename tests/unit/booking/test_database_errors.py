"""What an error of the database means: whose fault it is, and when to come back."""

from __future__ import annotations

import errno

import psycopg
import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError, InternalError, OperationalError, ProgrammingError

from booking.kernel.database_errors import classify_error, classify_os_error
from booking.kernel.errors import (
    Busy,
    DatabaseCorrupt,
    DatabaseForbids,
    DatabaseReadOnly,
    DatabaseUnreachable,
    DiskFull,
    WriteClash,
)


class SqliteSays(Exception):
    def __init__(self, name):
        super().__init__(name)
        self.sqlite_errorname = name


def from_sqlite(name, kind=OperationalError):
    return kind("SELECT", {}, SqliteSays(name))


def from_postgresql(state, kind=OperationalError):
    return kind("SELECT", {}, psycopg.errors.lookup(state)("words"))


def unreachable(message):
    return OperationalError("SELECT", {}, psycopg.OperationalError(message))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (from_sqlite("SQLITE_FULL"), DiskFull),
        (from_postgresql("53100"), DiskFull),
        (from_sqlite("SQLITE_READONLY"), DatabaseReadOnly),
        (from_sqlite("SQLITE_READONLY_DIRECTORY"), DatabaseReadOnly),
        (from_postgresql("25006", InternalError), DatabaseReadOnly),
        (from_sqlite("SQLITE_CORRUPT", DatabaseError), DatabaseCorrupt),
        (from_sqlite("SQLITE_NOTADB", DatabaseError), DatabaseCorrupt),
        (from_postgresql("XX001", InternalError), DatabaseCorrupt),
        (from_sqlite("SQLITE_BUSY"), Busy),
        (from_postgresql("55P03"), Busy),
        (from_postgresql("42501", ProgrammingError), DatabaseForbids),
        (from_postgresql("40P01"), WriteClash),
        (from_sqlite("SQLITE_IOERR_READ"), DatabaseUnreachable),
        (from_sqlite("SQLITE_CANTOPEN"), DatabaseUnreachable),
        (from_postgresql("57P01"), DatabaseUnreachable),
        (from_postgresql("53300"), DatabaseUnreachable),
        (OperationalError("SELECT", {}, psycopg.OperationalError("connection refused")), DatabaseUnreachable),
        (unreachable("session is read-only\n- host: 'a': session is read-only"), DatabaseReadOnly),
        (
            unreachable("session is read-only\n- host: 'a': timeout\n- host: 'b': session is read-only"),
            DatabaseUnreachable,
        ),
    ],
    ids=str,
)
def test_a_fault_of_the_database_has_its_kind_and_its_time(error, fault):
    found = classify_error(error)

    assert type(found) is fault
    assert found.facts["retry_after_seconds"] > 0


@pytest.mark.parametrize(
    "error",
    [
        from_sqlite("SQLITE_ERROR"),
        from_sqlite("SQLITE_CONSTRAINT_UNIQUE", IntegrityError),
        from_postgresql("23505", IntegrityError),
        from_postgresql("42P01", DatabaseError),
        OperationalError("SELECT", {}, None),
    ],
    ids=str,
)
def test_a_bug_is_no_fault_of_the_database(error):
    assert classify_error(error) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EROFS, DatabaseReadOnly),
        (errno.EACCES, DatabaseReadOnly),
        (errno.ENOENT, type(None)),
    ],
)
def test_a_file_beside_the_database_can_have_the_same_faults(number, fault):
    assert type(classify_os_error(OSError(number, "words"))) is fault
