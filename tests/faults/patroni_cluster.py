"""Three hosts with etcd, Patroni and PostgreSQL, set up by deploy/patroni.yml as it stands; what stands before them."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.deploy import proxies
from tests.faults.hosts import Host

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
EXAMPLE = DEPLOY / "patroni.yml"
ADDRESSES = {"one": "10.0.0.21", "two": "10.0.0.22", "three": "10.0.0.23"}
RING = "10.0.0.11"
PASSWORD = "a-password-of-the-ring"
HEAL_SECONDS, WHOLE_TIMES = 180.0, 12
FOLDERS = ("/var/lib/postgresql", "/run/postgresql")
POOLER = """
[databases]
ring = host=127.0.0.1 port=5000 dbname=ring user=ringbuch password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6432
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 200
# Else nobody gets a new connection for 15 s after the first that was refused during a fail-over.
server_login_retry = 1
"""


@dataclass
class Cluster:
    """The three hosts with etcd, Patroni and PostgreSQL."""

    hosts: list[Host]
    is_synchronous: bool

    def start(self, folder: Path) -> None:
        """Start everything for the first time, and create the ring's role and database as docs say."""
        (folder / "etc").mkdir()
        for each, host in zip(ADDRESSES, self.hosts, strict=True):
            (folder / "etc" / f"{host.name}.yml").write_text(self._settings(each))
            for mount in FOLDERS:
                os.chown(f"{host.folder}{mount}", *_postgres())
            self.boot(host)
        self.heal()
        self.sql(f"CREATE ROLE ringbuch LOGIN PASSWORD '{PASSWORD}'")
        self.sql("CREATE DATABASE ring OWNER ringbuch ENCODING 'UTF8' TEMPLATE template0")

    def _settings(self, name: str) -> str:
        text = EXAMPLE.read_text(encoding="utf-8").replace("name: one", f"name: {name}")
        text = re.sub(r"(?<=connect_address: )10\.0\.0\.21", ADDRESSES[name], text)
        return text if self.is_synchronous else re.sub(r"(synchronous_mode(_strict)?): true", r"\1: false", text)

    def boot(self, host: Host) -> None:
        """Start etcd and Patroni on a host, as its system does."""
        all_urls = ",".join(f"{each.name}=http://{each.address}:2380" for each in self.hosts)
        here = f"http://{host.address}"
        is_new = not (host.folder / "etcd").exists()
        host.start(
            [
                *("etcd", "--name", host.name, "--data-dir", str(host.folder / "etcd"), "--unsafe-no-fsync"),
                *("--listen-peer-urls", f"{here}:2380", "--initial-advertise-peer-urls", f"{here}:2380"),
                *("--listen-client-urls", f"{here}:2379", "--advertise-client-urls", f"{here}:2379"),
                *("--initial-cluster", all_urls, "--initial-cluster-state", "new" if is_new else "existing"),
            ],
            log="etcd.log",
        )
        patroni = Path(os.environ["PATRONI"]) / "bin" / "patroni"
        settings = host.folder.parent / "etc" / f"{host.name}.yml"
        host.start([str(patroni), str(settings)], user="postgres", log="patroni.log")

    def members(self) -> dict[str, tuple[str, str]]:
        """Return the role and state of each member, as the first host says that answers."""
        for host in self.hosts:
            try:
                text = host.run(["python3", "-c", ASK, f"http://{host.address}:8008/cluster"])
            except RuntimeError:
                continue
            return {each["name"]: (each["role"], each["state"]) for each in json.loads(text)["members"]}
        return {}

    def leader(self) -> Host:
        """Return the host that holds the lease."""
        name = next(name for name, (role, _state) in self.members().items() if role == "leader")
        return self.hosts[list(ADDRESSES).index(name)]

    def standbys(self) -> list[Host]:
        """Return the two other hosts."""
        leader = self.leader()
        return [host for host in self.hosts if host is not leader]

    def heal(self) -> None:
        """Wait until all three servers run, and a standby confirms commits where one has to."""
        deadline = time.monotonic() + HEAL_SECONDS
        seen = 0
        while time.monotonic() < deadline:
            seen = seen + 1 if self._is_whole() else 0
            if seen == WHOLE_TIMES:  # Patroni may still restart or rewind one that it called streaming
                return
            time.sleep(1)
        for host in self.hosts:
            click.echo(f"--- {host.name}\n" + "\n".join((host.folder / "patroni.log").read_text().splitlines()[-12:]))
            for log in host.folder.glob("var/lib/postgresql/ring/log/*.log"):
                click.echo("\n".join(log.read_text().splitlines()[-5:]))
        raise RuntimeError(f"the cluster does not heal: {self.members()}")

    def _is_whole(self) -> bool:
        members = self.members()
        roles = sorted(role for role, _state in members.values())
        are_up = all(state == ("running" if role == "leader" else "streaming") for role, state in members.values())
        return are_up and roles == ["leader", "replica", "sync_standby" if self.is_synchronous else "replica"]

    def sql(self, statement: str, *, host: Host | None = None, database: str = "postgres") -> str:
        """Execute a statement as postgres on the leader, or on a host."""
        command = ["psql", "-h", "/run/postgresql", "-AtX", "-d", database, "-c", statement]
        return (host or self.leader()).run(command, user="postgres").strip()

    def rows(self) -> dict[str, str]:
        """Return how many reservations each server holds."""
        self.heal()
        count = "SELECT count(*) FROM booking_reservation"
        return {host.name: self.sql(count, host=host, database="ring") for host in self.hosts}


ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=3).read().decode())"


def _postgres() -> tuple[int, int]:
    import pwd

    found = pwd.getpwnam("postgres")
    return found.pw_uid, found.pw_gid


@dataclass
class Between:
    """What stands between the ring and the servers, on the ring's host: HAProxy, and before it PgBouncer."""

    ring: Host
    folder: Path
    commands: dict[str, tuple[list[str], str]] = field(default_factory=dict)

    def start_haproxy(self) -> str:
        """Run deploy/haproxy.cfg with a certificate; return the DATABASE_URL that it names."""
        proxies.certificate(self.folder)
        text = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")
        text = text.replace("/etc/haproxy/ring.example.org.pem", str(self.folder / "both.pem"))
        (self.folder / "haproxy.cfg").write_text(text)
        command = [proxies.program_of("haproxy"), "-db", "-f", str(self.folder / "haproxy.cfg")]
        self.commands["haproxy"] = (command, "")
        self.start("haproxy")
        time.sleep(12)  # three checks of a server that is no primary
        return f"postgresql://ringbuch:{PASSWORD}@127.0.0.1:5000/ring"

    def start_pgbouncer(self) -> str:
        """Run PgBouncer in transaction mode before HAProxy; return its DATABASE_URL."""
        (self.folder / "pgbouncer.ini").write_text(POOLER.format(password=PASSWORD))
        self.commands["pgbouncer"] = ([proxies.program_of("pgbouncer"), str(self.folder / "pgbouncer.ini")], "postgres")
        self.start("pgbouncer")
        time.sleep(1)
        return f"postgresql://ringbuch:{PASSWORD}@127.0.0.1:6432/ring"

    def start(self, name: str) -> None:
        """Start one of them, as its system does."""
        command, user = self.commands[name]
        self.ring.start(command, user=user, log=f"{name}.log")

    def kill(self, name: str) -> None:
        """End one of them at once."""
        self.ring.signal(signal.SIGKILL, name=name)
