"""Fail-over rounds by hand: what members hear while servers freeze, die and are replaced, and what is lost.

    python -m tests.faults.run                 synchronous: nothing that was acknowledged may be lost
    python -m tests.faults.run --asynchronous  the control: it loses, so the rounds are able to find a loss

Prints a table of the rounds and ends with status 1 when a synchronous cluster lost an acknowledged reservation.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.faults.cluster import Node, address_of, cluster, fail_over, switch_over
from tests.faults.load import CALM_SECONDS, HEADINGS, Load, observe
from tests.faults.ring import fill, served, stored
from tests.tcp_proxy import TcpProxy

FAULT_SECONDS = 12.0


def main() -> int:
    """Run all rounds on one cluster, then compare what was acknowledged with what is stored."""
    is_synchronous = "--asynchronous" not in sys.argv
    with TemporaryDirectory(prefix="ringbuch-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with cluster(folder, is_synchronous=is_synchronous) as nodes:
            proxies = [TcpProxy(partial(_reach, node.port)) for node in nodes]
            url = address_of([proxy.port for proxy in proxies])
            token, machine_id = fill(url, folder / "instance")
            with served(url, folder / "instance") as port:
                load = Load(port, token, machine_id)
                load.begin()
                primary = _rounds(nodes, proxies[0], load, is_synchronous=is_synchronous)
                load.end()
            lost = load.acknowledged - stored(url, folder / "instance")
            click.echo(
                f"\n{len(load.acknowledged)} acknowledged, {len(lost)} of them lost (primary now: {primary.port})"
            )
    return int(bool(lost) and is_synchronous)


def _reach(port: int) -> socket.socket:
    """Connect to a server; where there is none, to something that ends at once, as a refused connection does."""
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        near, far = socket.socketpair()
        far.close()
        return near


def _rounds(nodes: list[Node], network: TcpProxy, load: Load, *, is_synchronous: bool) -> Node:
    """Cause one fault after the other; return the primary at the end. network: between the ring and the primary."""
    primary, *standbys = nodes
    click.echo(HEADINGS)
    observe(load, "quiet", CALM_SECONDS, lambda: None, lambda: None)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ring'"
    observe(load, "every connection ended", CALM_SECONDS, lambda: primary.query(ended), lambda: None)
    observe(load, "both standbys frozen", FAULT_SECONDS, *_for_all(standbys))
    observe(load, "primary frozen", FAULT_SECONDS, primary.freeze, primary.thaw)

    observe(load, "network to the primary cut", FAULT_SECONDS, network.silence, network.restore)

    def switch() -> None:
        nodes[:] = switch_over(nodes, is_synchronous=is_synchronous)

    observe(load, "switched to a standby", FAULT_SECONDS, switch, lambda: None)
    primary, *standbys = nodes

    def replace() -> None:
        for node in standbys:
            node.kill()
        time.sleep(2)  # what is acknowledged now is on no standby
        primary.kill()
        for node in standbys:
            node.start()
        promoted.append(fail_over(nodes))

    promoted: list[Node] = []
    observe(load, "standbys killed, then the primary; one promoted", FAULT_SECONDS, replace, lambda: None)
    return promoted[0]


def _for_all(nodes: list[Node]) -> tuple[Callable[[], None], Callable[[], None]]:
    return (lambda: [node.freeze() for node in nodes] and None), (lambda: [node.thaw() for node in nodes] and None)


if __name__ == "__main__":
    sys.exit(main())
