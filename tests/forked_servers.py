"""Web servers that are copies of one process: python -m tests.forked_servers THREADS PORT [PORT ...].

The program is loaded once, which takes longer than many a race.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from multiprocessing import Process

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

import wsgi

# The clients of a race keep their connections while the next one is prepared: on a busy machine longer than the 30
# seconds after which granian closes one.
IDLE_MS_MAX = 600_000


def serve(port: int, threads: int) -> None:
    """Run a server with one worker process until it is terminated."""
    Server(
        f"{wsgi.__name__}:app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS_MAX),
        log_level=LogLevels.error,
    ).serve()


def main(threads: int, ports: list[int]) -> None:
    """Serve on every port until the process group is terminated."""
    multiprocessing.set_start_method("fork", force=True)  # Python 3.14 would load the program in each
    servers = [Process(target=serve, args=(port, threads)) for port in ports]
    for server in servers:
        server.start()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the copies end by it, then this process
    for server in servers:
        server.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]])
