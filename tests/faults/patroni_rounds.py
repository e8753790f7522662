"""The faults of the rounds under Patroni: how each begins, and how it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.patroni_cluster import ADDRESSES, Between, Cluster

FAULT_SECONDS = 45.0
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


def all_restarted(cluster: Cluster) -> Round:
    """All three machines lose power at once, and come back after a while."""

    def begin() -> None:
        for host in cluster.hosts:
            host.kill()

    def again() -> None:
        for host in cluster.hosts:
            cluster.boot(host)

    return begin, again


def without(name: str, between: Between) -> Round:
    """A program between the ring and the servers dies, and is started again."""
    return (lambda: between.kill(name)), (lambda: between.start(name))


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
    "all three machines restart": (5.0, all_restarted),
}


def rounds_with(between: Between) -> dict[str, tuple[float, Callable[[Cluster], Round]]]:
    """Return all rounds, with those of what stands between."""
    return ROUNDS | {
        f"{name} dies for 10 s": (10.0, lambda _cluster, name=name: without(name, between)) for name in between.commands
    }
