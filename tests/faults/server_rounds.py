"""What happens to one PostgreSQL server and its pooler: full disks, lost names, changed passwords, presets, storms."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.faults.cluster import DATABASE, Node
from tests.faults.pooler import Pooler

Round = tuple[Callable[[], object], Callable[[], object]]

ROLE, PASSWORD = "ringbuch", "a-password-of-the-ring"
HOST = "database.ring.example"
SECONDS = 12.0
RESOLVER = Path("/etc/resolv.conf")
HOSTS = Path("/etc/hosts")
KNOWN, UNKNOWN = f"127.0.0.1 localhost {HOST}\n", "127.0.0.1 localhost\n"
SILENT = "nameserver 192.0.2.1\n"  # for documentation: nobody has it
PRESETS = {
    "lock_timeout": "1",
    "statement_timeout": "50",
    "search_path": "''",
    "standard_conforming_strings": "off",
    "timezone": "'Asia/Tokyo'",
    "datestyle": "'German, DMY'",
    "default_transaction_isolation": "serializable",
}


@dataclass
class Server:
    """The server, the disks that it writes to, and whatever holds what the ring needs."""

    node: Node
    disks: dict[str, Path]
    _held: list[psycopg.Connection] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def sql(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements as the superuser."""
        address = f"host=127.0.0.1 port={self.node.port} user=postgres dbname={database} connect_timeout=3"
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def end_connections(self) -> None:
        """End every connection of the ring, as a restart does."""
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'")

    def fill(self, disk: str) -> None:
        """Leave no byte free on a disk."""
        with suppress(OSError), (self.disks[disk] / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def empty(self, disk: str) -> None:
        """Free what fill() took."""
        (self.disks[disk] / "ballast").unlink()

    def take_connections(self) -> None:
        """Open connections until the server has none left for the ring, and those that become free."""
        self._stop.clear()
        self.end_connections()
        address = f"host=127.0.0.1 port={self.node.port} user={ROLE} password={PASSWORD} dbname={DATABASE}"

        def run() -> None:
            while not self._stop.is_set():
                try:
                    self._held.append(psycopg.connect(address))
                except psycopg.OperationalError:
                    self._stop.wait(0.02)

        threading.Thread(target=run, daemon=True).start()

    def lock_tables(self) -> None:
        """Lock the reservations, as VACUUM FULL does."""
        address = f"host=127.0.0.1 port={self.node.port} user=postgres dbname={DATABASE}"
        self._held.append(psycopg.connect(address))
        self._held[-1].execute("LOCK TABLE booking_reservation")

    def release(self) -> None:
        """Close what take_connections() and lock_tables() opened."""
        self._stop.set()
        time.sleep(0.1)
        while self._held:
            self._held.pop().close()

    def storm(self) -> None:
        """End every connection ten times a second, until calm()."""
        self._stop.clear()

        def run() -> None:
            while not self._stop.wait(0.1):
                self.end_connections()

        threading.Thread(target=run, daemon=True).start()

    def calm(self) -> None:
        """End the storm."""
        self._stop.set()

    def start_again(self) -> None:
        """Start a server that has ended, as systemd does; one that still runs is ended first."""
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            self.node.kill()
        time.sleep(0.5)
        (self.node.folder / "postmaster.pid").unlink(missing_ok=True)
        self.node.start()

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the running server."""
        self.sql(f"ALTER SYSTEM SET {setting} = {value}", "SELECT pg_reload_conf()")

    def reset(self, setting: str) -> None:
        """Take the change back."""
        self.sql(f"ALTER SYSTEM RESET {setting}", "SELECT pg_reload_conf()")


def restarted(server: Server) -> Round:
    """The server is restarted in good order."""
    return lambda: server.node.run("pg_ctl", "restart", "-w", "-m", "fast", *_here(server)), _nothing


def crashed(server: Server) -> Round:
    """The server is stopped without a word, and recovers."""
    return lambda: server.node.run("pg_ctl", "restart", "-w", "-m", "immediate", *_here(server)), _nothing


def _here(server: Server) -> list[str]:
    return ["-D", str(server.node.folder), "-o", f"-p {server.node.port}", "-l", str(server.node.folder / "log")]


def data_full(server: Server) -> Round:
    """The disk of the tables is full."""
    return (lambda: server.fill("data")), (lambda: server.empty("data"))


def log_full(server: Server) -> Round:
    """The disk of the write-ahead log is full: the server ends itself. It is started when there is room again."""

    def begin() -> None:
        server.fill("log")
        for _ in range(40):
            with suppress(psycopg.Error):
                server.sql("SELECT pg_switch_wal()", "CREATE TABLE IF NOT EXISTS more (id int)", "DROP TABLE more")

    def end() -> None:
        server.empty("log")
        server.start_again()

    return begin, end


def name_unknown(server: Server) -> Round:
    """The name of the server stands nowhere any more, and every connection ends."""

    def begin() -> None:
        HOSTS.write_text(UNKNOWN)
        server.end_connections()

    return begin, lambda: HOSTS.write_text(KNOWN)


def name_servers_silent(server: Server) -> Round:
    """No name server answers, and every connection ends."""
    before = RESOLVER.read_text()

    def begin() -> None:
        RESOLVER.write_text(SILENT)
        HOSTS.write_text(UNKNOWN)
        server.end_connections()

    def end() -> None:
        RESOLVER.write_text(before)
        HOSTS.write_text(KNOWN)

    return begin, end


def connections_taken(server: Server) -> Round:
    """Others have all connections of the server."""
    return server.take_connections, server.release


def locked(server: Server) -> Round:
    """Somebody has locked the table of the reservations."""
    return server.lock_tables, server.release


def password_changed(server: Server) -> Round:
    """The role has another password, and every connection ends."""

    def begin() -> None:
        server.sql(f"ALTER ROLE {ROLE} PASSWORD 'another'")
        server.end_connections()

    return begin, lambda: server.sql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")


def renamed(server: Server) -> Round:
    """The database has another name."""
    return lambda: _rename(server, DATABASE, "kept"), lambda: _rename(server, "kept", DATABASE)


def empty_instead(server: Server) -> Round:
    """An empty database has the name of the ring's."""

    def begin() -> None:
        _rename(server, DATABASE, "kept")
        server.sql(f"CREATE DATABASE {DATABASE} OWNER {ROLE} ENCODING 'UTF8' TEMPLATE template0")

    def end() -> None:
        server.sql(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        _rename(server, "kept", DATABASE)

    return begin, end


def _rename(server: Server, former: str, name: str) -> None:
    for _ in range(50):
        try:
            server.sql(
                f"ALTER DATABASE {former} WITH ALLOW_CONNECTIONS false",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{former}'",
                f"ALTER DATABASE {former} RENAME TO {name}",
                f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true",
            )
        except psycopg.Error:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{former} cannot be renamed")


def read_only(server: Server) -> Round:
    """The server is told to accept no changes."""
    return (
        lambda: server.set("default_transaction_read_only", "on"),
        lambda: server.reset("default_transaction_read_only"),
    )


def idle_ended(server: Server) -> Round:
    """The server ends what is idle for a fifth of a second."""
    names = ("idle_session_timeout", "idle_in_transaction_session_timeout")
    return (
        lambda: ([server.set(name, "'200ms'") for name in names], server.end_connections()),
        lambda: [server.reset(name) for name in names],
    )


def preset(server: Server) -> Round:
    """The role gets presets that nobody could work with, and every connection ends."""

    def begin() -> None:
        server.sql(*(f"ALTER ROLE {ROLE} SET {name} = {value}" for name, value in PRESETS.items()))
        server.end_connections()

    return begin, lambda: server.sql(f"ALTER ROLE {ROLE} RESET ALL")


def rights_taken(server: Server) -> Round:
    """The role loses its rights to the tables."""
    tables = "ON ALL TABLES IN SCHEMA public"
    return (
        lambda: server.sql(f"REVOKE ALL {tables} FROM {ROLE}", database=DATABASE),
        lambda: server.sql(f"GRANT ALL {tables} TO {ROLE}", database=DATABASE),
    )


def _nothing() -> None:
    """End nothing."""


ROUNDS: dict[str, tuple[float, Callable[[Server], Round]]] = {
    "quiet": (5.0, lambda _server: (_nothing, _nothing)),
    "restarted in good order": (3.0, restarted),
    "restarted after a crash": (3.0, crashed),
    "every connection ended, ten times a second": (SECONDS, lambda server: (server.storm, server.calm)),
    "no connection left (`max_connections`)": (SECONDS, connections_taken),
    "the reservations locked by another program": (SECONDS, locked),
    "disk of the tables full": (SECONDS, data_full),
    "disk of the write-ahead log full": (SECONDS, log_full),
    "its name stands nowhere": (SECONDS, name_unknown),
    "no name server answers": (SECONDS, name_servers_silent),
    "password changed": (SECONDS, password_changed),
    "database renamed": (SECONDS, renamed),
    "an empty database in its place": (SECONDS, empty_instead),
    "rights to the tables taken": (SECONDS, rights_taken),
    "`default_transaction_read_only = on`": (SECONDS, read_only),
    "idle sessions ended after 0.2 s": (SECONDS, idle_ended),
    "odd presets of the role": (SECONDS, preset),
}


def pooler_rounds(pooler: Pooler) -> dict[str, tuple[float, Callable[[Server], Round]]]:
    """Return the rounds of PgBouncer."""
    return {
        "PgBouncer: restarted": (3.0, lambda _: (pooler.restart, _nothing)),
        "PgBouncer: PAUSE, then RESUME": (SECONDS, lambda _: (pooler.pause, pooler.resume)),
        "PgBouncer: no connection left (`max_client_conn`)": (SECONDS, lambda _: (pooler.take_all, pooler.release)),
        "PgBouncer: others hold its servers (`query_wait_timeout = 2`)": (
            SECONDS,
            lambda _: (lambda: pooler.hold_servers(PASSWORD), pooler.release),
        ),
        "PgBouncer: `server_reset_query_always`, `server_idle_timeout = 1`, `server_lifetime = 1`": (
            SECONDS,
            lambda _: (
                lambda: pooler.change(server_reset_query_always=1, server_idle_timeout=1, server_lifetime=1),
                pooler.as_before,
            ),
        ),
        "PgBouncer: `query_timeout = 1`, `idle_transaction_timeout = 1`, and a locked table": (
            SECONDS,
            lambda server: (
                lambda: (pooler.change(query_timeout=1, idle_transaction_timeout=1), server.lock_tables()),
                lambda: (server.release(), pooler.as_before()),
            ),
        ),
    }
