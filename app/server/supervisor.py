"""A child process that is kept alive: started again when it ends, after longer pauses the more often it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import click

from app.server.child_process import Child

SHORTEST_PAUSE_SECONDS = 1.0
CALM_SECONDS = 60.0  # who ran so long begins again with the shortest pause


class Kept:
    """A child, its name for people, and the pause before its next start."""

    def __init__(self, name: str, longest_pause_seconds: float, target: Callable[..., None], *arguments: object):
        self.name = name
        self._longest_pause_seconds = longest_pause_seconds
        self._make = partial(Child, target, *arguments)
        self._child: Child | None = None
        self._pause_seconds = 0.0
        self._next_start = 0.0
        self._started = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.is_alive

    @property
    def exit_code(self) -> int | None:
        """How it ended the last time; None while it runs."""
        return self._child.exit_code if self._child else None

    @property
    def sentinel(self) -> int | None:
        """What multiprocessing.connection.wait() can wait for; None when nothing runs."""
        return self._child.sentinel if self._child and self._child.is_alive else None

    def keep(self) -> None:
        """Start it when it does not run and its pause is over."""
        if self.is_alive:
            return
        if self._child is not None:
            self._mourn(self._child)
        if time.monotonic() >= self._next_start:
            self._child, self._started = self._make(), time.monotonic()
            self._child.start()

    def stop(self, seconds: float) -> None:
        """End it and what it started. Harmless when it does not run."""
        if self._child is not None:
            self._child.stop(seconds)

    def _mourn(self, child: Child) -> None:
        code = child.exit_code
        child.stop(0)  # whatever it started would hold its place
        self._child = None
        is_calm = time.monotonic() - self._started > CALM_SECONDS
        longer = SHORTEST_PAUSE_SECONDS if is_calm else max(SHORTEST_PAUSE_SECONDS, 2 * self._pause_seconds)
        self._pause_seconds = min(longer, self._longest_pause_seconds)
        self._next_start = time.monotonic() + self._pause_seconds
        seconds = f"{self._pause_seconds:.0f} s"
        click.echo(f"The {self.name} ended (exit code {code}); it starts again in {seconds}.", err=True)
