"""Memory and wake-ups of the whole ring after an hour's use by all roles: `python -m bench.memory INSTANCE`.

The ring runs as start.py runs it, on an instance folder that is there (the demo, or one that bench/growth.py made).
Four clients ask for all pages and calls in turn. Memory is the proportional share of all processes (PSS), wake-ups are
voluntary context switches. Linux only. The worker ends when nothing was due for a minute, and web processes give memory
back after a minute with few requests, so that memory is shown at rest as well.
"""

from __future__ import annotations

import argparse
import itertools
import os
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from bench import desks
from bench.serving import children, memory_mb, whole_ring

CLIENTS, IDLE_SECONDS, REST_SECONDS = 4, 60, 10
QUIET_SECONDS = 130  # until web processes have rested, and the worker has ended, where nothing is due
SHOWN = ("Pss", "Rss", "Private_Dirty", "Shared_Dirty", "Pss_File")  # of each process; the sum is that of Pss
PER_CONNECTION = 20  # requests; the kernel chooses the web process of each connection, so that both get their share


def main() -> None:
    """Print the memory after the start and after the requests, by process and by what it is, and the idle wake-ups."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("instance", type=Path)
    options.add_argument("--requests", type=int, default=2_000)
    options.add_argument("--idle", action="store_true", help="count wake-ups for a minute as well")
    given = options.parse_args()
    asked = _questions(given.instance)
    environment = {"RINGBUCH_INSTANCE": str(given.instance)}
    with whole_ring({**os.environ, **environment}) as (pid, port):
        time.sleep(REST_SECONDS)
        print(f"after the start: {memory_mb(pid):.0f} MB")
        _print_processes(pid)
        statuses = _ask(port, asked, given.requests)
        time.sleep(REST_SECONDS)
        print(f"after {given.requests} requests {statuses}: {memory_mb(pid):.0f} MB")
        _print_processes(pid)
        time.sleep(QUIET_SECONDS)
        print(f"at rest: {memory_mb(pid):.0f} MB", flush=True)
        _print_processes(pid)
        if given.idle:
            time.sleep(IDLE_SECONDS)  # the worker slows down when it has found nothing for a minute
            before = _wakeups(pid)
            time.sleep(IDLE_SECONDS)
            print(f"idle: {(_wakeups(pid) - before) / IDLE_SECONDS:.1f} wake-ups a second")


def _questions(instance: Path) -> list[tuple[str, str]]:
    """Return addresses with the cookie of each role, role by role for each address."""
    ring = desks.Ring(instance)
    try:
        found = list(desks.addresses(ring.app, desks.examples(instance)))
        cookies = {role: _cookie(ring, role) for role in desks.ROLES}
    finally:
        ring.close()
    return [(address, cookies[role]) for address in found for role in desks.ROLES]


def _cookie(ring: desks.Ring, role: str) -> str:
    client = ring.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = ring.tokens[role], True
    name = ring.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return f"{name}={cookie.value}"


def _ask(port: int, asked: list[tuple[str, str]], count: int) -> dict[int, int]:
    """Ask by some clients at once; return how many answers had each status."""
    wanted, guard, statuses = iter(itertools.islice(itertools.cycle(asked), count)), threading.Lock(), {}

    def client() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for number in itertools.count(1):
            if number % PER_CONNECTION == 0:
                connection.close()  # it opens another with the next request
            with guard:
                address, cookie = next(wanted, (None, ""))
            if address is None:
                return
            connection.request("GET", address, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            with guard:
                statuses[response.status] = statuses.get(response.status, 0) + 1

    threads = [threading.Thread(target=client) for _number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(statuses.items()))


def _tree(pid: int) -> list[int]:
    return [pid, *(one for child in children(pid) for one in _tree(child))]


def _print_processes(pid: int) -> None:
    for each in _tree(pid):
        rollup = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines()
        fields = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup[1:]}
        shown = ", ".join(f"{name} {fields[name]:.0f}" for name in SHOWN)
        print(f"  {each}: {shown} MB; {len(list(Path(f'/proc/{each}/task').iterdir()))} threads")


def _wakeups(pid: int) -> int:
    """Return how often the threads of all processes have gone to sleep by themselves so far."""
    found = 0
    for each in _tree(pid):
        for status in Path(f"/proc/{each}/task").glob("*/status"):
            lines = status.read_text(encoding="ascii").splitlines()
            found += next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
    return found


if __name__ == "__main__":
    main()
