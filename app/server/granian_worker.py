"""A process of the web server: granian receives and sends, the bridge runs the program.

This stands on `CallbackScheduler`, `RSGIWorker` and `WorkerSignal` of granian 2.8, which are not documented:
requirements.txt pins the version, and the tests of the server (tests/setup) serve through it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask
from granian._granian import CallbackScheduler, RSGIWorker, WorkerSignal
from granian.server.common import WORKERS_METHODS
from granian.server.mp import WorkerProcess

from app.server.bodies import BodyRules
from app.server.fair_shares import share_of
from app.server.granian_bridge import Bridge
from app.server.warm_up import AFTER_SECONDS, begin_warm_up

STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


class DirectLoop:
    """What granian takes for an event loop: it calls back in the thread that granian is in."""

    @staticmethod
    def call_soon(callback: Callable[..., object], *arguments: object, context: object = None) -> None:
        """Call at once."""
        del context
        callback(*arguments)

    call_soon_threadsafe = call_soon


class Scheduler(CallbackScheduler):  # type: ignore[misc]  # granian types it loosely
    """Hands every request to a function, in the thread in which granian received it."""

    __slots__ = ()

    def __init__(self, _loop: object, receive: Callable[[Any], None], *_unused: object) -> None:
        super().__init__()
        self._schedule_fn = receive


def serve_requests(
    worker_id: int,
    app: Flask,
    sock: Any,
    ipc: Any,
    loop: asyncio.AbstractEventLoop,
    runtime_mode: Any,
    *options: Any,
) -> None:
    """Receive and answer requests until a signal. The parameters are those of granian's own worker processes."""
    *threads, _task_type, http, http1, http2, websockets, static, _log, tls, _scope, metrics = options
    shutdown = _shutdown_signal(loop)
    ended = asyncio.Event()
    shutdown.add_cb(lambda: loop.call_soon_threadsafe(ended.set))
    bridge = Bridge(app, BodyRules.of(app.config), partial(_call_later, loop), share_of(worker_id))
    worker = RSGIWorker(worker_id, sock, ipc, *threads, http, http1, http2, websockets, static, *tls, metrics)  # type: ignore[call-arg]
    serve = getattr(worker, WORKERS_METHODS[runtime_mode][(sock[0] or sock[1]).is_uds()])
    serve(Scheduler(loop, bridge.receive, None, None, None), DirectLoop(), shutdown)
    loop.call_later(AFTER_SECONDS, begin_warm_up, app)
    loop.run_until_complete(ended.wait())


# The same for a process that granian starts and supervises.
run_worker = WorkerProcess.wrap_target(serve_requests)


def _call_later(loop: asyncio.AbstractEventLoop, seconds: float, callback: Callable[..., object], *args: Any) -> None:
    loop.call_soon_threadsafe(loop.call_later, seconds, callback, *args)


def _shutdown_signal(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """Return what granian waits for, set by the first signal alone.

    Supervisors repeat theirs. granian's own handlers set it once for each; the third waits for ever and keeps Python's
    interpreter, so that what was under way was never answered and the process had to be killed.
    """
    shutdown, is_asked = WorkerSignal(), False

    def ask(*_signal: object) -> None:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            shutdown.set()

    for number in STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, ask)
        except NotImplementedError:  # Windows
            signal.signal(number, ask)
    return shutdown
