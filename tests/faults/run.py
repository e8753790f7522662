"""Fail-over rounds by hand: what members hear while servers freeze, die and are replaced, and what is lost.

    python -m tests.faults.run                 synchronous: nothing that was acknowledged may be lost
    python -m tests.faults.run --asynchronous  the control: it loses, so the rounds are able to find a loss

Prints a table of the rounds and ends with status 1 when a synchronous cluster lost an acknowledged reservation.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

import click
from sqlalchemy import select

from app import create_app
from app.auth import api_tokens
from app.extensions import db
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from tests import builders
from tests.faults.cluster import Node, address_of, cluster, fail_over, switch_over
from tests.ports import free_ports
from tests.servers import ROOT
from tests.tcp_proxy import TcpProxy

WRITERS, READERS = 4, 2
SECRET_KEY = "faults-and-nothing-but-faults-use-this"
CALM_SECONDS, FAULT_SECONDS = 3.0, 12.0
FIRST_HOUR = 72


@dataclass
class Seen:
    """What the clients saw in one round."""

    codes: Counter[str] = field(default_factory=Counter)
    write_seconds: list[float] = field(default_factory=list)
    read_seconds: list[float] = field(default_factory=list)
    read_codes: Counter[int] = field(default_factory=Counter)
    acknowledged_at: list[float] = field(default_factory=list)


class Load:
    """Members who reserve one hour after the other, and members who look."""

    def __init__(self, port: int, token: str, machine_id: int) -> None:
        self._port, self._token, self._machine_id = port, token, machine_id
        self._hours, self._lock, self._stop = count(FIRST_HOUR), Lock(), Event()
        self._start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.acknowledged: set[int] = set()
        self.seen = Seen()
        self._threads = [Thread(target=self._write) for _ in range(WRITERS)]
        self._threads += [Thread(target=self._read) for _ in range(READERS)]

    def begin(self) -> None:
        """Start all clients."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop all clients once their last request is answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                start = self._start + timedelta(hours=next(self._hours))
            self._reserve(start)
            time.sleep(0.1)

    def _reserve(self, start: datetime) -> None:
        """Reserve an hour, and send the same again under its key until the answer is a definite one."""
        key = uuid.uuid4().hex
        end = start + timedelta(hours=1)
        wish = {"machine_id": self._machine_id, "starts_at": start.isoformat(), "ends_at": end.isoformat()}
        for _ in range(60):
            status, answer, seconds = self._send("POST", "/api/v1/reservations", wish, {"Idempotency-Key": key})
            code = "stored" if status == 201 else str(answer.get("code", status))
            with self._lock:
                self.seen.codes[code] += 1
                self.seen.write_seconds.append(seconds)
                if status == 201:
                    self.acknowledged.add(answer["id"])
                    self.seen.acknowledged_at.append(time.monotonic())
            if status not in (0, 503):
                return
            time.sleep(0.5)

    def _read(self) -> None:
        while not self._stop.is_set():
            status, _answer, seconds = self._send("GET", "/api/v1/machines")
            with self._lock:
                self.seen.read_codes[status] += 1
                self.seen.read_seconds.append(seconds)
            time.sleep(0.05)

    def _send(self, method: str, path: str, content: object = None, headers: dict[str, str] | None = None):
        body = None if content is None else json.dumps(content)
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **(headers or {})}
        started = time.perf_counter()
        try:
            with closing(HTTPConnection("127.0.0.1", self._port, timeout=40)) as connection:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                return response.status, json.loads(response.read()), time.perf_counter() - started
        except (OSError, HTTPException, ValueError) as error:
            return 0, {"code": type(error).__name__}, time.perf_counter() - started


def main() -> int:
    """Run all rounds on one cluster, then compare what was acknowledged with what is stored."""
    is_synchronous = "--asynchronous" not in sys.argv
    with TemporaryDirectory(prefix="ringbuch-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with cluster(folder, is_synchronous=is_synchronous) as nodes:
            proxies = [TcpProxy(partial(_reach, node.port)) for node in nodes]
            url = address_of([proxy.port for proxy in proxies])
            token, machine_id = _fill(url, folder / "instance")
            with _served(url, folder / "instance") as port:
                load = Load(port, token, machine_id)
                load.begin()
                primary = _rounds(nodes, proxies[0], load, is_synchronous=is_synchronous)
                load.end()
            lost = load.acknowledged - _stored(url, folder / "instance")
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
    click.echo("| round | answers to writers | slowest | reads p95 | slowest | answers | longest without a store |")
    click.echo("|---|---|---|---|---|---|---|")
    _observe(load, "quiet", CALM_SECONDS, lambda: None, lambda: None)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ring'"
    _observe(load, "every connection ended", CALM_SECONDS, lambda: primary.query(ended), lambda: None)
    _observe(load, "both standbys frozen", FAULT_SECONDS, *_for_all(standbys))
    _observe(load, "primary frozen", FAULT_SECONDS, primary.freeze, primary.thaw)

    _observe(load, "network to the primary cut", FAULT_SECONDS, network.silence, network.restore)

    def switch() -> None:
        nodes[:] = switch_over(nodes, is_synchronous=is_synchronous)

    _observe(load, "switched to a standby", FAULT_SECONDS, switch, lambda: None)
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
    _observe(load, "standbys killed, then the primary; one promoted", FAULT_SECONDS, replace, lambda: None)
    return promoted[0]


def _for_all(nodes: list[Node]) -> tuple[Callable[[], None], Callable[[], None]]:
    return (lambda: [node.freeze() for node in nodes] and None), (lambda: [node.thaw() for node in nodes] and None)


def _observe(load: Load, name: str, seconds: float, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Cause a fault, end it after some seconds, and print what the clients saw until all is calm again."""
    load.seen = seen = Seen()
    started = time.monotonic()
    begin()
    time.sleep(seconds)
    end()
    time.sleep(CALM_SECONDS)
    moments = [started, *seen.acknowledged_at, time.monotonic()]
    gap = max(after - before for before, after in pairwise(moments))
    codes = ", ".join(f"{number} {code}" for code, number in seen.codes.most_common())
    reads = ", ".join(f"{number} x {status}" for status, number in seen.read_codes.most_common())
    p95 = statistics.quantiles(seen.read_seconds or [0, 0], n=20)[-1]
    slowest = max(seen.write_seconds, default=0.0)
    click.echo(
        f"| {name} | {codes} | {slowest:.1f} s | {p95:.2f} s | {max(seen.read_seconds):.1f} s | {reads} | {gap:.1f} s |"
    )
    sys.stdout.flush()


def _fill(url: str, instance: Path) -> tuple[str, int]:
    """Migrate, enter the sample ring, and return a token of a member and a machine."""
    from app.storage import migrate

    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session, now = db.session(), datetime.now(UTC)
        builders.ring(session)
        ring = builders.sample_ring(session, now=now)
        by = Actor(job="tests")
        with write_transaction(session):
            token = api_tokens.create(session, ring.anna_login, label="faults", is_read_only=False, by=by, now=now)
        db.session.remove()
        db.engine.dispose()
    return token, ring.combine


@contextmanager
def _served(url: str, instance: Path) -> Iterator[int]:
    """Serve the ring with its worker, as operators do; yield the port."""
    (port,) = free_ports(1)
    settings = {"RINGBUCH_DATABASE_URL": url, "RINGBUCH_INSTANCE": str(instance), "RINGBUCH_SECRET_KEY": SECRET_KEY}
    instance.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ring", "serve", "--port", str(port)]
    with (instance / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                try:
                    connection.request("GET", "/readyz")
                    if connection.getresponse().status == 200:
                        break
                except OSError:
                    pass
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)
        lines = (instance / "log").read_text().splitlines()
        click.echo("\n".join(["", "The log of the ring, without its mails:", *filter(_is_of_program, lines)]))


def _is_of_program(line: str) -> bool:
    return any(word in line for word in ("served", "is over", "times", "worker: ", "Traceback", "Error"))


def _stored(url: str, instance: Path) -> set[int]:
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=instance)
    with app.app_context():
        found = set(db.session().scalars(select(Reservation.id)))
        db.session.remove()
        db.engine.dispose()
    return found


if __name__ == "__main__":
    sys.exit(main())
