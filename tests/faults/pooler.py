"""PgBouncer in transaction mode before one server, and what its operator does with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

SETTINGS = """
[databases]
ring = host=127.0.0.1 port={server} dbname=ring user={role} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = operator
pool_mode = transaction
default_pool_size = 10
server_login_retry = 1
query_wait_timeout = 2
max_client_conn = 40
"""
CONNECTIONS_MAX = 40


@dataclass
class Pooler:
    """The program. settings: the text of its file."""

    folder: Path
    port: int
    settings: str
    _held: list[psycopg.Connection] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def file(self) -> Path:
        """Where its settings are."""
        return self.folder / "pgbouncer.ini"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.file.write_text(self.settings, encoding="utf-8")
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        as_user = ["-u", "postgres"] if os.getuid() == 0 else []
        with (self.folder / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen([str(program), *as_user, str(self.file)], stdout=log, stderr=log)
        for _ in range(50):
            with suppress(psycopg.OperationalError):
                return self.tell("SHOW VERSION")
            time.sleep(0.1)
        raise RuntimeError((self.folder / "pgbouncer.log").read_text())

    def stop(self) -> None:
        """End it as its system does."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)

    def restart(self) -> None:
        """End it and start it again."""
        self.stop()
        self.start()

    def tell(self, command: str) -> None:
        """Give a command to its console."""
        address = f"host=127.0.0.1 port={self.port} dbname=pgbouncer user=operator connect_timeout=3"
        connection = psycopg.connect(address, autocommit=True)
        try:
            connection.pgconn.exec_(command.encode())  # the console knows no extended protocol
        finally:
            connection.close()

    def pause(self) -> None:
        """Let nobody begin a transaction. The command waits for those that run: it is told from a thread of its own."""
        self._paused = psycopg.connect(
            f"host=127.0.0.1 port={self.port} dbname=pgbouncer user=operator", autocommit=True
        )
        self._paused.pgconn.send_query(b"PAUSE")

    def resume(self) -> None:
        """Let everybody go on."""
        self.tell("RESUME")
        self._paused.close()

    def change(self, **settings: int) -> None:
        """Change settings while it runs."""
        kept = [line for line in self.settings.splitlines() if line.partition(" ")[0] not in settings]
        self.file.write_text("\n".join([*kept, *(f"{name} = {value}" for name, value in settings.items()), ""]))
        self.tell("RELOAD")

    def as_before(self) -> None:
        """Take the changes back."""
        self.file.write_text(self.settings, encoding="utf-8")
        self.tell("RELOAD")

    def _open(self, password: str = "any") -> psycopg.Connection:
        address = f"host=127.0.0.1 port={self.port} dbname=ring user=ringbuch password={password} connect_timeout=3"
        return psycopg.connect(address, prepare_threshold=None)

    def take_all(self) -> None:
        """Open connections until it refuses more."""
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline and len(self._held) < CONNECTIONS_MAX:
            try:
                self._held.append(self._open())
            except psycopg.OperationalError:
                time.sleep(0.05)

    def hold_servers(self, password: str) -> None:
        """Let others have all its connections to the server."""
        for _ in range(10):
            with suppress(psycopg.OperationalError):
                self._held.append(self._open(password))
                self._held[-1].execute("SELECT 1")  # a transaction that stays open

    def release(self) -> None:
        """Close what take_all() and hold_servers() opened."""
        while self._held:
            self._held.pop().close()


@contextmanager
def pooler(folder: Path, *, port: int, server: int, role: str, password: str) -> Iterator[Pooler]:
    """Yield a PgBouncer that runs."""
    made = Pooler(folder, port, SETTINGS.format(server=server, role=role, password=password, port=port))
    made.start()
    try:
        yield made
    finally:
        made.stop()
