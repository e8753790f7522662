"""Fail-over rounds under Patroni, with deploy/patroni.yml as it stands, on three hosts that are network namespaces.

    python -m tests.faults.patroni                  the ring names all three servers
    python -m tests.faults.patroni --haproxy        the ring goes through deploy/haproxy.cfg
    python -m tests.faults.patroni --asynchronous   the control, without synchronous standbys

Each host has the address of the example and runs etcd, Patroni and PostgreSQL; the ring is on a fourth. Between them
only `name` and `connect_address` differ, as the file says. By hand, as root: needs Debian's postgresql-15, etcd-server
and iproute2 (and haproxy), and Patroni in an environment of its own, whose folder PATRONI names. Prints the table of
the rounds; ends with status 1 when a synchronous cluster lost an acknowledged reservation. Further words select rounds.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.deploy import proxies
from tests.faults.hosts import Host, enter, network
from tests.faults.load import HEADINGS, Load, observe
from tests.faults.ring import fill, served, stored

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "patroni.yml"
ADDRESSES = {"one": "10.0.0.21", "two": "10.0.0.22", "three": "10.0.0.23"}
RING = "10.0.0.11"
PASSWORD = "a-password-of-the-ring"
FAULT_SECONDS, HEAL_SECONDS, WHOLE_TIMES = 45.0, 180.0, 12
FOLDERS = ("/var/lib/postgresql", "/run/postgresql")


def main() -> int:
    """Run the rounds on one cluster, then compare what was acknowledged with what is stored."""
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    chosen = [word for word in sys.argv[1:] if word not in options]
    is_synchronous = "--asynchronous" not in options
    with TemporaryDirectory(prefix="ringbuch-patroni-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        hosts = [Host(f"ringbuch-{each}", at, folder / each, FOLDERS) for each, at in ADDRESSES.items()]
        ring = Host("ringbuch-ring", RING, folder / "ring")
        ring.folder.mkdir()
        stack.enter_context(network([ring, *hosts]))
        cluster = Cluster(hosts, is_synchronous=is_synchronous)
        cluster.start(folder)
        enter(ring)
        url = f"postgresql://ringbuch:{PASSWORD}@{','.join(ADDRESSES.values())}/ring"
        token, machine_id = fill(url, folder / "instance")
        through = start_haproxy(ring, folder) if "--haproxy" in options else url
        with served(through, folder / "instance") as port:
            load = Load(port, token, machine_id)
            load.begin()
            run_rounds(cluster, load, chosen)
            load.end()
        lost = load.acknowledged - stored(url, folder / "instance")
        click.echo(f"\n{len(load.acknowledged)} acknowledged, {len(lost)} of them lost")
        click.echo(f"rows on each server: {cluster.rows()}")
    return int(bool(lost) and is_synchronous)


def start_haproxy(ring: Host, folder: Path) -> str:
    """Run deploy/haproxy.cfg on the ring's host with a certificate; return the DATABASE_URL that it names."""
    proxies.certificate(folder)
    text = (EXAMPLE.parent / "haproxy.cfg").read_text(encoding="utf-8")
    (folder / "haproxy.cfg").write_text(text.replace("/etc/haproxy/ring.example.org.pem", str(folder / "both.pem")))
    ring.start([proxies.program_of("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")], log="haproxy.log")
    time.sleep(12)  # three checks of a server that is no primary
    return f"postgresql://ringbuch:{PASSWORD}@127.0.0.1:5000/ring"


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


def run_rounds(cluster: Cluster, load: Load, chosen: list[str]) -> None:
    """Cause one fault after the other and let the cluster heal in between."""
    click.echo(HEADINGS)
    for name, (seconds, round_) in ROUNDS.items():
        if not chosen or any(word in name for word in chosen):
            begin, end = round_(cluster)

            def heal(end: Callable[[], object] = end) -> None:
                end()
                cluster.heal()

            observe(load, name, seconds, begin, heal)


Round = tuple[Callable[[], object], Callable[[], object]]


def quiet(_cluster: Cluster) -> Round:
    """Nothing happens."""
    return (lambda: None), (lambda: None)


def switched(cluster: Cluster) -> Round:
    """The operator asks for another primary."""
    host = cluster.leader()
    name = list(ADDRESSES)[cluster.hosts.index(host)]
    settings = host.folder.parent / "etc" / f"{host.name}.yml"
    patronictl = Path(os.environ["PATRONI"]) / "bin" / "patronictl"
    command = [str(patronictl), "-c", str(settings), "switchover", "--leader", name, "--force"]
    return (lambda: host.run(command, user="postgres")), (lambda: None)


def dead(cluster: Cluster) -> Round:
    """The primary's machine loses power, and comes back."""
    host = cluster.leader()
    return host.kill, lambda: cluster.boot(host)


def frozen(cluster: Cluster) -> Round:
    """The primary's machine hangs, and goes on."""
    host = cluster.leader()
    return host.freeze, host.thaw


def unplugged(cluster: Cluster) -> Round:
    """Nothing reaches the primary's machine."""
    host = cluster.leader()
    return host.unplug, host.plug_in


def cut_off(cluster: Cluster) -> Round:
    """The primary does not reach the other two, but the ring reaches all three."""
    host, others = cluster.leader(), cluster.standbys()
    return (lambda: host.cut_from(others)), (lambda: host.join(others))


def without_patroni(cluster: Cluster) -> Round:
    """Patroni dies on the primary's machine, and its PostgreSQL runs on."""
    host = cluster.leader()

    def again() -> None:
        host.kill()
        cluster.boot(host)

    return (lambda: host.signal(signal.SIGKILL, name="patroni")), again


def standbys_frozen(cluster: Cluster) -> Round:
    """Both standbys' PostgreSQL hangs; their etcd goes on."""
    hosts = cluster.standbys()
    return (
        lambda: [host.signal(signal.SIGSTOP, name="postgres") for host in hosts],
        lambda: [host.thaw() for host in hosts],
    )


def standby_machines_frozen(cluster: Cluster) -> Round:
    """Both other machines hang, with two of three etcd."""
    hosts = cluster.standbys()
    return (lambda: [host.freeze() for host in hosts]), (lambda: [host.thaw() for host in hosts])


def all_killed(cluster: Cluster) -> Round:
    """Both standbys die, then the primary for good; the standbys come back first."""
    host, others = cluster.leader(), cluster.standbys()

    def begin() -> None:
        for each in others:
            each.kill()
        time.sleep(2)  # what is acknowledged now is on no standby
        host.kill()
        for each in others:
            cluster.boot(each)

    return begin, lambda: cluster.boot(host)


ROUNDS: dict[str, tuple[float, Callable[[Cluster], Round]]] = {
    "quiet": (5.0, quiet),
    "switched over by patronictl": (10.0, switched),
    "the primary's machine dies": (FAULT_SECONDS, dead),
    "the primary's machine hangs": (FAULT_SECONDS, frozen),
    "the primary's machine is unplugged": (FAULT_SECONDS, unplugged),
    "the primary is cut off from the standbys, not from the ring": (FAULT_SECONDS, cut_off),
    "Patroni dies on the primary, PostgreSQL does not": (FAULT_SECONDS, without_patroni),
    "PostgreSQL of both standbys hangs for 15 s": (15.0, standbys_frozen),
    "both other machines hang, with two of three etcd": (FAULT_SECONDS, standby_machines_frozen),
    "both standbys die, then the primary": (FAULT_SECONDS, all_killed),
}


if __name__ == "__main__":
    sys.exit(main())
