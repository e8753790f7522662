"""Fail-over rounds under Patroni, with deploy/patroni.yml as it stands, on three hosts that are network namespaces.

    python -m tests.faults.patroni                  the ring names all three servers
    python -m tests.faults.patroni --haproxy        the ring goes through deploy/haproxy.cfg
    python -m tests.faults.patroni --pgbouncer      the ring goes through PgBouncer in transaction mode, and that one
    python -m tests.faults.patroni --asynchronous   the control, without synchronous standbys

Each host has the address of the example and runs etcd, Patroni and PostgreSQL; the ring is on a fourth. Between them
only `name` and `connect_address` differ, as the file says. By hand, as root: needs Debian's postgresql-15, etcd-server
and iproute2 (haproxy, pgbouncer), and Patroni in an environment of its own, whose folder PATRONI names. Prints the
table of the rounds; ends with status 1 when a synchronous cluster lost an acknowledged reservation. Further words
select rounds.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.faults.hosts import Host, enter, network
from tests.faults.load import HEADINGS, Load, observe
from tests.faults.patroni_cluster import ADDRESSES, FOLDERS, PASSWORD, RING, Between, Cluster
from tests.faults.patroni_rounds import rounds_with
from tests.faults.ring import fill, served, stored


def main() -> int:
    """Run the rounds on one cluster, then compare what was acknowledged with what is stored."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the hosts are removed then, too
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
        between = Between(ring, folder)
        through = between.start_haproxy() if options & {"--haproxy", "--pgbouncer"} else url
        if "--pgbouncer" in options:
            through = between.start_pgbouncer()
            os.environ["RINGBUCH_DATABASE_POOLER"] = "transaction"
        with served(through, folder / "instance") as port:
            load = Load(port, token, machine_id)
            load.begin()
            run_rounds(cluster, between, load, chosen)
            load.end()
        lost = load.acknowledged - stored(url, folder / "instance")
        click.echo(f"\n{len(load.acknowledged)} acknowledged, {len(lost)} of them lost")
        click.echo(f"rows on each server: {cluster.rows()}")
    return int(bool(lost) and is_synchronous)


def run_rounds(cluster: Cluster, between: Between, load: Load, chosen: list[str]) -> None:
    """Cause one fault after the other and let the cluster heal in between."""
    click.echo(HEADINGS)
    for name, (seconds, round_) in rounds_with(between).items():
        if not chosen or any(word in name for word in chosen):
            begin, end = round_(cluster)

            def heal(end: Callable[[], object] = end) -> None:
                end()
                cluster.heal()

            observe(load, name, seconds, begin, heal)


if __name__ == "__main__":
    sys.exit(main())
