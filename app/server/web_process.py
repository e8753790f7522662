"""A process of the web server that the ring supervises itself (Linux): several listen on one port.

The kernel hands each connection to one of them. With granian's own supervisor there would be one process more.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from app.server import metrics
from app.server.lanes import THREADS

BACKLOG = 4_096
OPEN_FILES = 8_192  # a connection is an open file, and many systems allow 1,024
IDLE_TIMEOUT_SECONDS, BLOCKING_THREADS_MAX = 30, 512  # granian's defaults
WITHOUT_TLS: tuple[object, ...] = (False, None, None, None, "tls1.3", None, [], False)


def shares_port() -> bool:
    """Return whether several processes can listen on one port, and the kernel divides the connections."""
    return sys.platform == "linux"


def run_web_process(host: str, port: int, number: int, call_worker: bool = False) -> None:
    """Serve the program until a signal.

    number: from 1 on, of this process among those that listen on the port. call_worker: whether the parent starts the
    worker when it is called.
    """
    parent = os.getppid()
    # By name, because they are above this package. The others are loaded before the fork where processes fork.
    program = import_module("wsgi").app
    if call_worker:
        import_module("app.worker.watch").begin(program, parent, is_regular=number == 1)
    from granian._loops import loops
    from granian.constants import HTTPModes, RuntimeModes
    from granian.log import LogLevels, configure_logging
    from granian.net import SocketSpec  # type: ignore[attr-defined]  # another name there

    from app.server import rest
    from app.server.granian_worker import serve_requests

    rest.begin(program)
    raise_file_limit()
    configure_logging(LogLevels.error)
    backpressure = BACKLOG // program.config["WEB_PROCESSES"]
    threads = (1, BLOCKING_THREADS_MAX, THREADS, IDLE_TIMEOUT_SECONDS, backpressure)
    http = (None, HTTPModes.http1, None, None, False, None, None)  # default settings, no websockets, files, log
    options = (*threads, *http, WITHOUT_TLS, None, (None, None))  # no prefix of the path, no metrics
    socket = SocketSpec(host, port, BACKLOG)
    serve_requests(number, program, (socket, None), None, loops.get("auto"), RuntimeModes.mt, *options)
    if os.getppid() != parent:  # it ended first, so nobody else removes them
        metrics.remove_metrics()


def raise_file_limit() -> None:
    """Allow as many open files as connections need, where the system lets this user."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
