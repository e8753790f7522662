"""Deadlocks that PostgreSQL ended: the program tries again after one, so that a race would pass in spite of it.

Locks are taken in one order (docs/locking.md), so none is ever expected. The fixture `app` asks after each test; the
servers of other processes are asked by who started them.
"""

from __future__ import annotations

from sqlalchemy import Engine, ExceptionContext, event

DEADLOCK = "40P01"
_SEEN: list[str] = []


def watch() -> None:
    """Note the deadlocks of all engines of this process from now on."""
    event.listen(Engine, "handle_error", _note)


def taken() -> list[str]:
    """Return the statements that ended in a deadlock since this was asked last."""
    found = _SEEN[:]
    _SEEN.clear()
    return found


def _note(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) == DEADLOCK:
        _SEEN.append(str(context.statement))
