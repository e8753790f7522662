"""A request to end: Ctrl-C, a service manager, a closed terminal."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any

from app.server.small_supervisor import SAME_REQUEST_SECONDS, stop_signals

CHILD_SIGNALS = [signal.SIGCHLD] if hasattr(signal, "SIGCHLD") else []


class ShutdownSignal:
    """A context manager that records a request to end. For the main thread.

    It only records. An exception raised by a signal handler can occur where Python swallows it; and a lock that a
    handler takes may be held by the code that it interrupts, that of a `threading.Event` among them, whose waiter would
    then wait for itself for ever. wakeup: a socket that becomes readable with a signal, for
    multiprocessing.connection.wait(), which a recorded signal would not end. The end of a child is such a signal too:
    its sentinel stays silent while processes that the child started still run.
    """

    def __init__(self) -> None:
        self.is_received = False
        self.is_repeated = False  # Ctrl-C once more: whoever waits has lost patience
        self.wakeup, self._written = socket.socketpair()
        self.wakeup.setblocking(False)
        self._written.setblocking(False)
        self._received_at = 0.0
        self._previous_wakeup = -1
        self._previous_handlers: dict[int, Any] = {}

    def __enter__(self) -> ShutdownSignal:
        self._previous_handlers = {number: signal.signal(number, self._record) for number in stop_signals()}
        for number in CHILD_SIGNALS:  # with its default handler it would not be written to the socket
            self._previous_handlers[number] = signal.signal(number, lambda _number, _frame: None)
        self._previous_wakeup = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_wakeup)
        self.wakeup.close()
        self._written.close()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until any signal; return whether a request to end was received."""
        self.forget_wakeup()
        if not self.is_received:
            wait([self.wakeup], seconds)
        return self.is_received

    def forget_wakeup(self) -> None:
        """Empty the socket, so that the next wait lasts until the next signal. Look at the records afterwards."""
        with suppress(BlockingIOError):
            while self.wakeup.recv(4096):
                pass

    def _record(self, number: int, _frame: object) -> None:
        if not self.is_received:
            self.is_received, self._received_at = True, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - self._received_at > SAME_REQUEST_SECONDS:
            self.is_repeated = True
