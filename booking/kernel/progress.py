"""Progress of long work: code that works through many rows reports how far it is; whoever started it may listen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[int, int], None]  # done, total; a total of 0: not known

REPORT_EVERY = 100  # rows: a report costs less than a microsecond for each of them

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Pass the reports of what is done in the with-block to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def part(first: int, last: int) -> Iterator[None]:
    """Let the reports of what is done in the with-block count from one per cent of the whole work to another."""
    outer = _listener.get()
    if outer is None:
        yield
        return

    def scaled(done: int, total: int) -> None:
        outer(first * (total or 1) + (last - first) * (done if total else 0), 100 * (total or 1))

    with listening(scaled):
        yield


def report(done: int, total: int) -> None:
    """Report how much is done, to nobody if nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


def tracked(rows: Iterable[T], total: int, *, before: int = 0) -> Iterable[T]:
    """Return rows that report how many of them were taken; the rows themselves if nobody listens.

    total: of the whole work; 0: not known. before: what was done already.
    """
    listener = _listener.get()
    return rows if listener is None else _reporting(rows, listener, total, before)


def _reporting(rows: Iterable[T], listener: Listener, total: int, before: int) -> Iterator[T]:
    for number, row in enumerate(rows, start=before):
        if number % REPORT_EVERY == 0:
            listener(number, total)
        yield row
