"""A plugin of pytest that sends every connection of the program through PgBouncer, in transaction mode.

    RINGBUCH_DATABASE_POOLER=transaction python -m pytest -p tests.deploy.pgbouncer -n 0 tests/web

Every test runs on PostgreSQL then, and the pooler lends a server connection for one transaction at a time, to whoever
asks first: each transaction gets another connection than the one before, which is asserted for every test. By hand:
needs Debian's pgbouncer. The fixtures of the tests reach the server directly.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.databases import PostgresqlRows, PostgresqlTemplate
from tests.ports import free_port

SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_round_robin = 1
"""
SERVERS = 3  # connections to the server that are lent in turn


class Pooler:
    """PgBouncer in front of one server; started at the first use."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, url: str) -> str:
        """Return the address of a database of the server, through the pooler."""
        parts = urlsplit(url)
        if not self.port:
            self._start(
                parse_qs(parts.query).get("host", [parts.hostname or ""])[0], parts.port or 5432, parts.username
            )
        return f"postgresql://{parts.username}@127.0.0.1:{self.port}{parts.path}"

    def _start(self, host: str, port: int, user: str | None) -> None:
        self.port = free_port()
        folder = Path(mkdtemp(prefix="ringbuch-pgbouncer-"))
        folder.chmod(0o755)
        settings = folder / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(host=host, port=port, user=user, own_port=self.port), encoding="utf-8")
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            raise pytest.UsageError("There is no pgbouncer here: apt install pgbouncer")
        # The socket lies in a folder of the server's user. PgBouncer refuses to run as root.
        as_user = ["-u", Path(host).owner()] if os.getuid() == 0 else []
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen([program, *as_user, str(settings)], stdout=log, stderr=log)
        for _ in range(100):
            try:
                psycopg.connect(f"postgresql://{user}@127.0.0.1:{self.port}/postgres?connect_timeout=5").close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise pytest.UsageError((folder / "log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """End the pooler."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)


POOLER = Pooler()
_copy = PostgresqlTemplate.copy


@contextmanager
def copy_behind_pooler(self: PostgresqlTemplate, folder: Path, rows: PostgresqlRows | None = None) -> Iterator[str]:
    """Yield the address of a copy, through the pooler."""
    with _copy(self, folder, rows) as url:
        address = POOLER.address(url)
        with ExitStack() as stack:  # so many transactions at once, so many connections
            for _ in range(SERVERS):
                stack.enter_context(psycopg.connect(address)).execute("SELECT 1")
        with psycopg.connect(address, autocommit=True) as connection:
            lent = {connection.execute("SELECT pg_backend_pid()").fetchone() for _ in range(SERVERS)}
        assert len(lent) == SERVERS, "each transaction on another connection"
        yield address


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test on PostgreSQL."""
    for item in items:
        item.add_marker("postgresql")


def pytest_configure() -> None:
    """Let the tests' databases be reached through the pooler."""
    PostgresqlTemplate.copy = copy_behind_pooler


def pytest_unconfigure() -> None:
    """End the pooler."""
    POOLER.stop()
