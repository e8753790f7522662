"""Serving the ring: the web server and the worker, as children of one process that watches over them.

The watcher loads the program once and forks where the system can, so that all processes share its memory
and a start is quick. Elsewhere (macOS, Windows) each child loads the program itself.
"""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from multiprocessing.connection import wait
from urllib.parse import urlsplit

import click

from app.server.child_process import StopSign
from app.server.supervisor import Kept

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - and the nearest of them; nothing is bound
WEB_PROCESSES = 2
# Few, because only one thread of a process runs Python at a time: what waits, waits in the server's queue,
# which has no deadline, and not in front of the database, which has one.
WEB_THREADS = 8
BACKLOG = 4_096
FIRST_ANSWER_SECONDS = 30.0
STOP_SECONDS = 5
WATCH_SECONDS = 0.2
PAUSE_SECONDS_MAX = 60.0
WEB_PAUSE_SECONDS_MAX = 5.0  # people stand before a closed door


class PortTaken(Exception):
    """Another program listens on the address already, or the system refuses it."""


def refuse_taken_port(host: str, port: int) -> None:
    """Raise PortTaken unless the address is free: the web server itself would silently share it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        if hasattr(socket, "SO_REUSEPORT"):  # not on Windows, where SO_REUSEADDR would take a port from its owner
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as refusal:
            reason = getattr(refusal, "strerror", None) or str(refusal)
            raise PortTaken(f"{host}:{port} cannot be used ({reason}). Choose another with --port.") from refusal


def own_addresses() -> list[str]:
    """The addresses from which this machine speaks to others, as far as the system knows a way to them."""
    found = []
    for family, far_away in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((far_away, 9))  # sends nothing: the system only chooses the address to send from
            found.append(probe.getsockname()[0])
    return found


def serve(
    host: str, port: int, *, base_url: str, run_worker: Callable[[], None] | None, announce: Callable[[str], None]
) -> int:
    """Run web and worker until Ctrl-C (0). A web server that never answers ends it (1, or its exit code).

    run_worker: the function that the worker process runs; None serves the web alone.
    announce: called once with the address to open, as soon as the first answer came.
    """
    # The children share these objects: looking for rubbish among them would copy them. The little that lies there now
    # is not worth the tenth of a second that it takes to look through the whole program.
    gc.freeze()
    web = Kept("web server", WEB_PAUSE_SECONDS_MAX, run_web, host, port)
    family = [web] if run_worker is None else [web, Kept("worker", PAUSE_SECONDS_MAX, run_worker)]
    with StopSign() as stop:
        try:
            web.keep()
            answer = first_answer(web, stop, host, port, base_url)
            if answer is not None:
                announce(base_url + ("/setup" if _leads_to_setup(answer) else ""))
                _keep_until(stop, family)
            return _exit_code(web, stop)
        finally:
            for process in family:
                process.stop(2 * STOP_SECONDS)


def run_web(host: str, port: int) -> None:
    """The web server (its processes are children of this one)."""
    # Here and not above: only this child needs them.
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=WEB_PROCESSES,
        blocking_threads=WEB_THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def first_answer(web: Kept, stop: StopSign, host: str, port: int, base_url: str) -> HTTPResponse | None:
    """The answer to the first question that the web answers; None when none came or nobody waits any more."""
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    nearest = EVERY_ADDRESS.get(host, host)
    while web.is_alive and not stop.is_given and time.monotonic() < deadline:
        try:
            with closing(HTTPConnection(nearest, port, timeout=FIRST_ANSWER_SECONDS)) as connection:
                connection.request("GET", "/", headers={"Host": urlsplit(base_url).netloc})
                return connection.getresponse()
        except (OSError, HTTPException):
            time.sleep(0.02)
    return None


def _leads_to_setup(answer: HTTPResponse) -> bool:
    return urlsplit(answer.headers.get("Location", "")).path == "/setup"


def _keep_until(stop: StopSign, family: list[Kept]) -> None:
    while not stop.is_given:
        for kept in family:
            kept.keep()
        running = [kept.sentinel for kept in family if kept.sentinel is not None]
        if running:
            wait(running, timeout=WATCH_SECONDS)
        else:  # Windows cannot wait for nothing
            time.sleep(WATCH_SECONDS)


def _exit_code(web: Kept, stop: StopSign) -> int:
    if stop.is_given:
        return 0
    if web.is_alive:
        click.echo(f"The web server did not answer within {FIRST_ANSWER_SECONDS:.0f} s.", err=True)
        return 1
    click.echo(f"The web server ended by itself (exit code {web.exit_code}).", err=True)
    return web.exit_code or 1
