"""One PostgreSQL server that its operator mistreats: what members and the operator hear, and what is lost.

    python -m tests.faults.server               the ring reaches it directly, by a name
    python -m tests.faults.server --pgbouncer   through PgBouncer in transaction mode, whose own rounds follow

By hand, as root: the disks are small tmpfs, and the names are those of a mount namespace. Needs Debian's PostgreSQL
(and pgbouncer). Prints the table of the rounds, and below it what /readyz, `ring doctor` and the log said; ends with
status 1 when an acknowledged reservation is lost. Further words select rounds.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from tests.faults.cluster import DATABASE, SETTINGS, Node
from tests.faults.load import HEADINGS, Load, observe
from tests.faults.pooler import pooler
from tests.faults.ring import SECRET_KEY, fill, served, stored
from tests.faults.server_rounds import HOST, HOSTS, KNOWN, PASSWORD, RESOLVER, ROLE, ROUNDS, Server, pooler_rounds
from tests.ports import free_ports
from tests.servers import ROOT

CLONE_NEWNS = 0x20000
MEGABYTES = {"data": 320, "log": 128}
HBA = f"host all postgres 127.0.0.1/32 trust\nhost all {ROLE} 127.0.0.1/32 scram-sha-256\n"


def main() -> int:
    """Run the rounds, then compare what was acknowledged with what is stored."""
    chosen = [word for word in sys.argv[1:] if not word.startswith("--")]
    _own_mounts()
    with (
        tempfile.TemporaryDirectory(prefix="ringbuch-server-", ignore_cleanup_errors=True) as name,
        ExitStack() as stack,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        _own_names(folder)
        server = stack.enter_context(_server(folder))
        url = through = f"postgresql://{ROLE}:{PASSWORD}@{HOST}:{server.node.port}/{DATABASE}"
        token, machine_id = fill(url, folder / "instance")
        rounds = ROUNDS
        if "--pgbouncer" in sys.argv:
            (port,) = free_ports(1)
            made = pooler(folder, port=port, server=server.node.port, role=ROLE, password=PASSWORD)
            rounds = ROUNDS | pooler_rounds(stack.enter_context(made))
            through = f"postgresql://{ROLE}:{PASSWORD}@{HOST}:{port}/{DATABASE}"
            os.environ["RINGBUCH_DATABASE_POOLER"] = "transaction"
        with served(through, folder / "instance") as port:
            load = Load(port, token, machine_id)
            load.begin()
            click.echo(HEADINGS)
            probes = [
                _round(server, load, Probe(port, through, folder / "instance"), each, *rounds[each])
                for each in rounds
                if not chosen or any(word in each for word in chosen)
            ]
            load.end()
        click.echo("\n" + "\n".join(probes))
        lost = load.acknowledged - stored(url, folder / "instance")
        click.echo(f"\n{len(load.acknowledged)} acknowledged, {len(lost)} of them lost")
    return int(bool(lost))


class Probe:
    """What the operator sees, and a member's page."""

    def __init__(self, port: int, url: str, instance: Path) -> None:
        self._port, self._url, self._instance = port, url, instance

    def look(self) -> str:
        """Return what /readyz, a page and `ring doctor` say now."""
        ready, page = self._get("/readyz"), self._get("/login")
        return f"/readyz {ready}; /login {page[:3]}; doctor: {self._doctor()}"

    def _get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=40) as response:
                return f"{response.status} {response.read(80).decode(errors='replace').strip()}"
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read(120).decode(errors='replace').strip()}"
        except OSError as error:
            return str(error)

    def _doctor(self) -> str:
        settings = {
            "RINGBUCH_DATABASE_URL": self._url,
            "RINGBUCH_INSTANCE": str(self._instance),
            "RINGBUCH_SECRET_KEY": SECRET_KEY,
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "ring", "doctor", "--without-mail"]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        lines = done.stdout.splitlines()
        about = [line for line in lines if line.startswith("error") and ("database" in line or "schema" in line)]
        return " | ".join(about) or done.stderr.strip()[-300:] or "finds nothing wrong"


def _round(server: Server, load: Load, probe: Probe, name: str, seconds: float, round_: object) -> str:
    """Cause a fault, look in the middle of it, and end it."""
    begin, end = round_(server)  # type: ignore[operator]
    seen: list[str] = []
    looker = threading.Timer(seconds / 3, lambda: seen.append(probe.look()))
    looker.daemon = True
    looker.start()

    def end_when_seen() -> None:
        looker.join(60)
        end()

    observe(load, name, seconds, begin, end_when_seen)
    return f"- {name}: {''.join(seen)}"


def _own_mounts() -> None:
    """Give this process mounts that nobody else sees."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise SystemExit("This needs root.")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def _own_names(folder: Path) -> None:
    """Put files of our own over /etc/hosts and /etc/resolv.conf."""
    for file, text in ((HOSTS, KNOWN), (RESOLVER, "nameserver 127.0.0.1\n")):
        own = folder / file.name
        own.write_text(text)
        subprocess.run(["mount", "--bind", str(own), str(file)], check=True)


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    """Yield a server whose tables and log are on small disks of their own."""
    disks = {name: folder / name for name in MEGABYTES}
    for name, disk in disks.items():
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES[name]}m", "tmpfs", str(disk)], check=True)
        shutil.chown(disk, "postgres", "postgres")
    (port,) = free_ports(1)
    node = Node(disks["data"] / "server", port)
    try:
        node.run("initdb", "-D", str(node.folder), "-A", "trust", "-U", "postgres", "-X", str(disks["log"] / "wal"))
        with (node.folder / "postgresql.conf").open("a") as file:
            file.write(SETTINGS + "wal_keep_size = 0\nmax_wal_size = '64MB'\nmin_wal_size = '32MB'\n")
            file.write("max_connections = 60\nsuperuser_reserved_connections = 5\n")
        (node.folder / "pg_hba.conf").write_text(HBA)
        node.start()
        server = Server(node, disks)
        server.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        server.sql(f"CREATE DATABASE {DATABASE} OWNER {ROLE} ENCODING 'UTF8' TEMPLATE template0")
        yield server
    finally:
        node.kill()


if __name__ == "__main__":
    sys.exit(main())
