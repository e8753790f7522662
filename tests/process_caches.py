"""What the tests of one process share: applications, compiled templates, compiled SQL, compiled URL rules.

And passwords that are hashed quickly: a wrong one takes 80 ms of the processor in a real ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from app import create_app, extensions, factory
from app.auth import passwords
from app.config import database_uri
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
    if engine.dialect.name not in _first_engines:
        engine._compiled_cache = LRUCache(ALL_STATEMENTS)
        engine.connect().close()  # a dialect learns the version of its server at the first connection of its engine
    first = _first_engines.setdefault(engine.dialect.name, engine)
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache


ALL_STATEMENTS = 20_000  # SQLAlchemy's 500 would not do for what all tests of a process send
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


QUICK, QUICK_BUT_OLD = passwords.Hasher(1, 8), passwords.Hasher(1, 16)
DUMMIES = {"DUMMY_HASH": QUICK.hash(b"nobody's"), "OLD_DUMMY_HASH": QUICK_BUT_OLD.hash(b"nobody's")}


def quick_hashing() -> AbstractContextManager[object]:
    """Hash with other parameters, in the same steps. tests/unit/auth tests the parameters of a ring."""
    return patch.multiple(passwords, HASHER=QUICK, OLD_HASHER=QUICK_BUT_OLD, **DUMMIES)


class SharedApp:
    """An application that is created once and put back to where it was for each test, on the test's own database.

    That takes a tenth of the time of creating one. What the application remembers is forgotten; URL rules, views and
    loaded templates stay, and so do addresses that depend on nothing but the rules and the static files.
    """

    def __init__(self, settings: Mapping[str, Any], instance_path: Path, prepare: Callable[[Flask], None]) -> None:
        self._app = create_app(settings, instance_path)
        prepare(self._app)
        self._state = {name: _copied(value) for name, value in vars(self._app).items()}
        self._urls: dict[tuple[Any, ...], str] = {}
        self._fingerprints: dict[tuple[str, str], str] = {}
        self._settings = _copied(dict(self._app.config))
        self._globals = dict(self._app.jinja_env.globals)

    def reset(self, settings: Mapping[str, Any], instance_path: Path) -> Flask:
        """Return the application as it was when it was created, but with these settings and this instance."""
        app = self._app
        vars(app).clear()
        vars(app).update({name: _copied(value) for name, value in self._state.items()})
        app._urls = self._urls
        app.extensions["asset_fingerprints"] = self._fingerprints
        app.instance_path = str(instance_path)
        app.config.clear()
        app.config.update(_copied(self._settings), **settings)
        address, pooler = app.config["DATABASE_URL"], app.config["DATABASE_POOLER"]
        app.config["SQLALCHEMY_DATABASE_URI"] = database_uri(address, instance_path, pooler)
        app.jinja_env.globals.clear()
        app.jinja_env.globals.update(self._globals)
        extensions.limiter.enabled = app.config["RATELIMIT_ENABLED"]  # other applications set it too
        self._replace_database()
        return app

    def _replace_database(self) -> None:
        app = self._app
        del app.config["SQLALCHEMY_ENGINE_OPTIONS"], app.extensions["sqlalchemy"]
        factory.init_database(app)
        for registered_again in ("teardown_appcontext_funcs", "shell_context_processors"):
            setattr(app, registered_again, _copied(self._state[registered_again]))


def _copied(value: Any) -> Any:
    """Copy a collection and those in it, but no object of another kind."""
    if isinstance(value, defaultdict):
        return defaultdict(value.default_factory, {key: _copied(each) for key, each in value.items()})
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return type(value)(map(_copied, value)) if type(value) in (list, set) else value
