"""Serving: the web server and the worker as child processes of one supervisor.

The supervisor loads the program once and forks where the system can, so that all processes share its memory
and start quickly; then a small program takes its place (`small_supervisor.py`). Elsewhere (macOS, Windows) each child
loads the program itself, and granian supervises the processes of the web server.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from multiprocessing.connection import wait
from urllib.parse import urlsplit

import click

from app.api import reference
from app.server import child_process, metrics
from app.server.child_process import ChildProcess
from app.server.fair_shares import open_shares
from app.server.shutdown_signal import ShutdownSignal
from app.server.small_supervisor import Handover, block_signals, handover_command, keep_calls
from app.server.supervisor import SupervisedProcess, stop_all
from app.server.web_process import BACKLOG, raise_file_limit, run_web_process, shares_port

# Wildcard address -> loopback address.
WILDCARD_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound
M_ARENA_MAX, ARENAS = -8, 2  # of malloc.h
FIRST_RESPONSE_SECONDS = 30.0
STOP_SECONDS = 5
# How long the supervisor waits for a signal or the end of a process. Windows handles Ctrl-C only between two waits; an
# idle machine should not be woken.
IDLE_SECONDS = 0.2 if sys.platform == "win32" else 60.0
BACKOFF_SECONDS_MAX = 60.0
DEFAULT_PORTS = {"http": 80, "https": 443}
WEB_BACKOFF_SECONDS_MAX = 5.0  # shorter, because people wait


class PortTaken(Exception):
    """Another program listens on the address, or the system refuses it."""


def take_port(host: str, port: int) -> socket.socket:
    """Return a socket that keeps the address for this ring until it is closed, without listening on it.

    Raises PortTaken unless the address is free. The web server itself would silently share it with another ring of the
    same user: of two that start at once each would answer half of the requests. Where the web processes could not
    listen beside it, the socket that is returned is closed.
    """
    taken = _socket_for(host)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as refusal:
        taken.close()
        reason = getattr(refusal, "strerror", None) or str(refusal)
        raise PortTaken(f"{host}:{port} cannot be used ({reason}). Choose another with --port.") from refusal
    if shares_port():
        # From now on it excludes whoever looks in this way, and admits the web processes.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if not shares_port() or not _admits_web(host, port):
        taken.close()
    return taken


def _socket_for(host: str) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    if hasattr(socket, "SO_REUSEPORT"):  # not on Windows, where SO_REUSEADDR would take a port from its owner
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return found


def _admits_web(host: str, port: int) -> bool:
    """Return whether a web process can use an address that is kept; not every system that passes for Linux lets it."""
    with closing(_socket_for(host)) as web:
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            web.bind((host, port))
        except OSError:
            return False
        return True


def own_addresses() -> list[str]:
    """Return the addresses from which this machine connects to others, one per IP version that is routed."""
    found = []
    for family, remote in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((remote, 9))  # sends nothing: the system only chooses the address to send from
            found.append(probe.getsockname()[0])
    return found


def listening_url(host: str, port: int) -> str:
    """Return the address at which this machine reaches the web server."""
    name = WILDCARD_ADDRESSES.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}"


def leads_to(url: str, listening: str) -> bool:
    """Return whether two addresses have the same port, and so lead to the same web server of this machine."""
    first, second = urlsplit(url), urlsplit(listening)
    return (first.port or DEFAULT_PORTS.get(first.scheme)) == second.port


def serve(
    host: str,
    port: int,
    *,
    web_processes: int,
    base_url: str,
    run_worker: Callable[[bool], None] | None,
    announce: Callable[[str], None],
) -> int:
    """Run web and worker until a signal and return the exit code: 0, or that of a web server that never responded.

    web_processes: how many serve the web. run_worker: the function that the worker process runs, and whether it ends
    when nothing is due (where the web processes then call it); None: there is none.
    announce: called once with the URL to open, after the first response.
    """
    # The children share these objects; garbage collection would copy them. Collecting first would take 0.1 s.
    gc.freeze()
    bound_arenas()
    web = _web_processes(host, port, web_processes, call_worker=run_worker is not None)
    worker = [] if run_worker is None else [_worker(run_worker)]
    if shares_port():
        keep_calls()
        reference.open_files()
    processes = [*web, *worker]
    with ShutdownSignal() as shutdown:
        try:
            for process in web:
                process.ensure_running()
            response = first_response(web[0], shutdown, host, port, base_url)
            if response is not None:
                announce(base_url + ("/setup" if _redirects_to_setup(response) else ""))
                if shares_port():
                    _hand_over(shutdown, processes)
                _supervise(shutdown, processes)
            return _exit_code(web[0], shutdown)
        finally:
            stop_all(processes, 2 * STOP_SECONDS, shutdown)
            metrics.remove_metrics()


def _worker(run_worker: Callable[[bool], None]) -> SupervisedProcess:
    on_demand = shares_port()
    return SupervisedProcess("worker", BACKOFF_SECONDS_MAX, run_worker, on_demand, is_on_demand=on_demand)


def _web_processes(host: str, port: int, count: int, *, call_worker: bool = False) -> list[SupervisedProcess]:
    """Return the processes to supervise that serve the web; where they cannot share a port, granian's supervisor."""
    if not shares_port():
        return [SupervisedProcess("web server", WEB_BACKOFF_SECONDS_MAX, run_web, host, port, count)]
    open_shares(count)
    return [
        SupervisedProcess(
            f"web process {number}", WEB_BACKOFF_SECONDS_MAX, run_web_process, host, port, number, call_worker
        )
        for number in range(1, count + 1)
    ]


def _hand_over(shutdown: ShutdownSignal, processes: list[SupervisedProcess]) -> None:
    """Start what does not run yet, and let the small supervisor take the place of this process.

    Returns only where a shutdown was requested before.
    """
    for process in processes:
        process.ensure_running()
    with suppress(OSError):  # no process or memory left: who is asked for it makes it
        ChildProcess(_describe_api).start()  # from here, where the program is loaded and has one thread
    handed: list[Handover] = [process.handover() for process in processes]
    block_signals()
    if shutdown.is_received:
        return
    os.environ.setdefault("MALLOC_ARENA_MAX", str(ARENAS))  # of processes that load the program again
    sys.stdout.flush()
    command = handover_command(handed, 2 * STOP_SECONDS)
    os.execv(command[0], command)


def _describe_api() -> None:
    """Make the description of the API for the web processes, when nothing else wants a processor."""
    os.nice(19)
    reference.fill_files()


def bound_arenas() -> None:
    """Let all threads of a process allocate from two heaps, where the system's C library is glibc.

    It would give a heap to each thread, up to eight for each core, and each holds free what its largest page took. Only
    one thread runs Python at a time, so they do not wait for each other. An operator's MALLOC_ARENA_MAX wins.
    """
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def run_web(host: str, port: int, count: int) -> None:
    """Run the web server; its worker processes are children of this one."""
    # The server starts its workers in the way that is the default.
    multiprocessing.set_start_method(child_process.START_METHOD, force=True)
    # Imported here, because only this child needs them.
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from app.server.granian_worker import run_worker
    from app.server.lanes import THREADS

    raise_file_limit()
    # On Windows granian's futures need a real event loop; there its own bridge to WSGI serves.
    own_bridge = {} if sys.platform == "win32" else {"spawn_target": run_worker}
    Server(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=count,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve(**own_bridge)
    if not child_process.has_parent():
        metrics.remove_metrics()


def first_response(
    web: SupervisedProcess, shutdown: ShutdownSignal, host: str, port: int, base_url: str
) -> HTTPResponse | None:
    """Return the first response of the web server; None when none came in time or a shutdown was requested."""
    deadline = time.monotonic() + FIRST_RESPONSE_SECONDS
    local = WILDCARD_ADDRESSES.get(host, host)
    while web.is_alive and not shutdown.is_received and time.monotonic() < deadline:
        try:
            with closing(HTTPConnection(local, port, timeout=FIRST_RESPONSE_SECONDS)) as connection:
                connection.request("GET", "/", headers={"Host": urlsplit(base_url).netloc})
                if _has_answered(connection.sock, web, shutdown, deadline):
                    return connection.getresponse()
        except (OSError, HTTPException):
            time.sleep(0.02)
    return None


def _has_answered(connection: socket.socket, web: SupervisedProcess, shutdown: ShutdownSignal, deadline: float) -> bool:
    """Wait for an answer to read; return False where the web server or the time has ended, or a shutdown is due."""
    while True:
        shutdown.forget_wakeup()  # before looking, as in _supervise()
        left_seconds = deadline - time.monotonic()
        if not web.is_alive or shutdown.is_received or left_seconds <= 0:
            return False
        if connection in wait([connection, shutdown.wakeup], left_seconds):
            return True


def _redirects_to_setup(response: HTTPResponse) -> bool:
    return urlsplit(response.headers.get("Location", "")).path == "/setup"


def _supervise(shutdown: ShutdownSignal, processes: list[SupervisedProcess]) -> None:
    while True:
        shutdown.forget_wakeup()  # before looking: whatever happens from here on ends the wait
        if shutdown.is_received:
            return
        for process in processes:
            process.ensure_running()
        running = [process.sentinel for process in processes if process.sentinel is not None]
        wait([shutdown.wakeup, *running], timeout=min(process.seconds_to_start(IDLE_SECONDS) for process in processes))


def _exit_code(web: SupervisedProcess, shutdown: ShutdownSignal) -> int:
    if shutdown.is_received:
        return 0
    if web.is_alive:
        click.echo(f"The web server did not answer within {FIRST_RESPONSE_SECONDS:.0f} s.", err=True)
        return 1
    click.echo(f"The web server ended by itself (exit code {web.exit_code}).", err=True)
    return web.exit_code or 1
