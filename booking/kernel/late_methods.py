"""Dataclasses whose methods are compiled when they are first called.

The standard library compiles up to eight functions for a class while it is imported: 0.5 ms for each of our 700 (0.3 s
of each start, and 3 MB). Most are never called. From Python 3.13 on it compiles all functions of a class at once and in
another way, so there it does its own work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Method = Callable[..., Any]

_NAME = "_create_fn"
_compile: Method | None = getattr(dataclasses, _NAME, None)


@contextmanager
def late_methods() -> Iterator[None]:
    """Put off the compilation of the methods of all dataclasses that are defined within the block."""
    if _compile is None:
        yield
        return
    former = getattr(dataclasses, _NAME)
    setattr(dataclasses, _NAME, _late)
    try:
        yield
    finally:
        setattr(dataclasses, _NAME, former)


def _late(name: str, *arguments: Any, **settings: Any) -> Method:
    """Return a method that compiles the one that was asked for, and leaves its place in the class to it."""
    assert _compile
    compile_now = _compile

    def late(self: Any, /, *given: Any, **named: Any) -> Any:
        method = compile_now(name, *arguments, **settings)
        method.__qualname__ = late.__qualname__
        for owner in type(self).__mro__:
            if owner.__dict__.get(name) is late:
                type.__setattr__(owner, name, method)
        return method(self, *given, **named)

    late.__name__ = name
    return late
