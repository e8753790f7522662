"""Caches that all applications of one test process share: every test creates an application of its own."""

from __future__ import annotations

from typing import ClassVar

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine

from app.web.url_converters import Builder, LazyRule


class MemoryBytecodeCache(BytecodeCache):
    """Compiled templates; Jinja compares the checksum of the source before it uses one."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load what an earlier application compiled."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store what was just compiled."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def share_compiled_statements(engine: Engine) -> None:
    """Let an engine use the SQL that an earlier one of the same kind of database compiled.

    SQLAlchemy keeps compiled statements by dialect object and engine; both are alike for all applications of a test
    process. Compiling anew in each test took three tenths of the processor time of tests of pages and verbs.
    """
    first = _first_engines.setdefault(engine.dialect.name, engine)
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache


_first_engines: dict[str, Engine] = {}


class CachedRule(LazyRule):
    """A URL rule whose functions for building addresses are compiled once per process.

    They depend on nothing but the parts of the rule: the converters are looked up in the rule that is passed to them.
    """

    _builders: ClassVar[dict[tuple[object, ...], Builder]] = {}

    def compile_builder(self, append_unknown: bool) -> Builder:
        """Return the function that an earlier application compiled, if there is one."""
        if self.defaults:  # their values are compiled in
            return super().compile_builder(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in self._builders:
            self._builders[key] = super().compile_builder(append_unknown)
        return self._builders[key]
