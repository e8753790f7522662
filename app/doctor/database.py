"""The database: whether it answers, takes changes, has the schema, and what its processes wrote about themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.clock import utc_minute
from app.doctor.finding import Finding, error, ok, warn
from app.storage import installation, migrate
from booking.kernel.database_errors import classify_error
from booking.kernel.encryption import SecretBox
from booking.kernel.errors import DatabaseForbids, DatabaseNotUnicode, Unavailable
from booking.kernel.postgresql import POOL_OVERFLOW, POOL_SIZE

WORKERS = 1  # beside the web processes
WORKER_AGE = timedelta(minutes=15)
CLOCK_DIFFERENCE = timedelta(seconds=30)
SHOWN_LENGTH_MAX = 300


def check(session: Session, config: Mapping[str, Any], box: SecretBox, now: datetime) -> Iterator[Finding]:
    """Look at the database; where it is away, say so and stop. Only reads."""
    uri = config["SQLALCHEMY_DATABASE_URI"]
    try:
        if migrate.is_new(uri):
            yield error("database", "there is none yet", "type: ring prepare")
            return
        connection = session.connection()
        yield ok("database", f"{_name(uri)} answers")
        yield from _server(connection, uri, config, now)
        revision = migrate.current_revision(connection)
        yield _schema(revision)
        if revision == migrate.head_revision():
            yield from _installation(session, box, now)
    except DatabaseNotUnicode as failure:
        way_out = "make a new database: createdb --encoding=UTF8 --template=template0 ring"
        yield error("encoding", str(failure), way_out)
    except (SQLAlchemyError, Unavailable) as failure:
        yield _unusable(uri, failure)
    finally:
        session.rollback()


def _name(uri: str) -> str:
    url = make_url(uri)
    hosts = url.host or url.query.get("host") or "this machine"
    return str(url.database) if url.get_backend_name() == "sqlite" else f"PostgreSQL at {hosts}"


def _unusable(uri: str, failure: Exception) -> Finding:
    if isinstance(failure, DBAPIError) and isinstance(classify_error(failure), DatabaseForbids):
        way_out = (
            "let the role of DATABASE_URL own the database and its tables: ALTER DATABASE name OWNER TO role, ALTER "
            "TABLE name OWNER TO role"
        )
        return error("database", f"{_name(uri)} denies the ring its rights: {_reason(failure)}", way_out)
    return error("database", f"{_name(uri)} does not answer: {_reason(failure)}", "see DATABASE_URL; is it running?")


def _reason(failure: Exception) -> str:
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    return " ".join(str(cause).split())[:SHOWN_LENGTH_MAX]


def _schema(revision: str | None) -> Finding:
    head = migrate.head_revision()
    if revision == head:
        return ok("schema", f"{head}, that of this program")
    if revision in migrate.known_revisions():
        return error("schema", f"{revision}, this program needs {head}", "type: ring prepare")
    return error("schema", f"{revision} is that of a newer program", "start the newer one")


def _server(connection: Connection, uri: str, config: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    if migrate.is_read_only(connection):
        yield error(
            "database", "accepts no changes: a replica, or a file that may not be written to", "name the primary in "
            "DATABASE_URL, or all servers; for a file: let the user who runs the ring write to it and its folder"
        )  # fmt: skip
    if connection.dialect.name != "postgresql":
        return
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if connection.scalar(text(f"SHOW {name}")) == "off":
            yield error(
                "durability", f"{name} is off: a power cut loses reservations", "switch it on in postgresql.conf"
            )
    yield _between(connection, uri, config)
    yield from _connections(connection, config)
    yield from clock(connection, now)


def clock(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Yield a warning where the clock of this machine and that of PostgreSQL differ."""
    difference = abs(connection.scalar(text("SELECT clock_timestamp()")) - now)
    if difference > CLOCK_DIFFERENCE:
        seconds = round(difference.total_seconds())
        yield warn("clock", f"the database's differs by {seconds} s", "let both follow the time: timedatectl")


def _between(connection: Connection, uri: str, config: Mapping[str, Any]) -> Finding:
    """Return whether a pooler or a proxy stands between: the server then has another port than the address."""
    port = connection.scalar(text("SELECT inet_server_port()"))
    url = make_url(uri)
    named = str(url.port or url.query.get("port") or 5432)
    if port is None or str(port) in named.split(",") or config["DATABASE_POOLER"] != "none":
        return ok("pooler", config["DATABASE_POOLER"])
    return warn(
        "pooler",
        f"the server listens on {port}, DATABASE_URL names {named}: a program stands between",
        "a proxy does no harm; for a pooler that lends connections by transaction, set DATABASE_POOLER=transaction",
    )


def _connections(connection: Connection, config: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a warning where this machine's processes may together ask for more connections than the server has."""
    processes = config["WEB_PROCESSES"] + WORKERS
    most = processes * (POOL_SIZE + POOL_OVERFLOW)
    names = ("max_connections", "superuser_reserved_connections")
    total, reserved = (int(connection.scalar(text(f"SHOW {name}"))) for name in names)
    if config["DATABASE_POOLER"] == "none" and most > total - reserved:
        yield warn(
            "connections",
            f"{processes} processes open {most} at most, the server has {total - reserved}: at the peak pages would "
            "answer 503",
            "raise max_connections in postgresql.conf, lower WEB_PROCESSES, or put a pooler between",
        )


def _installation(session: Session, box: SecretBox, now: datetime) -> Iterator[Finding]:
    if installation.has_own_key(session, box):
        yield ok("SECRET_KEY", "is that of the other processes of this ring")
    else:
        yield error(
            "SECRET_KEY",
            "differs from that of the other processes",
            "copy theirs, or see docs/operators.md: the secret key",
        )
    ran_at = installation.worker_ran_at(session)
    if ran_at is None:
        yield error("worker", "has never run: no mail is sent, no slip priced", "start it: ring work, or ring serve")
    elif now - ran_at > WORKER_AGE:
        yield error("worker", f"last ran at {utc_minute(ran_at)}", "start it: ring work, or ring serve")
    else:
        yield ok("worker", f"last reported at {utc_minute(ran_at)}")
