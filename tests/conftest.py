"""Fixtures of every test: an application on a fresh migrated database, a fixed clock, a cast.

Tests in tests/integration run on SQLite and on PostgreSQL; all others on SQLite alone unless they carry the
mark `postgresql`.
"""

from __future__ import annotations

import gc
import math
import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from jinja2 import Undefined
from sqlalchemy import QueuePool
from sqlalchemy.orm import Session

from app import create_app, ring_card
from app.extensions import db
from app.pages import pictures
from app.web import url_converters
from booking.kernel import engine
from tests import builders, deadlocks, open_connections
from tests.catalogs import compile_catalogs, compile_packages
from tests.databases import PostgresqlTemplate, SqliteTemplate
from tests.load_groups import LoadGroupScheduler, import_from_the_end
from tests.process_caches import CachedRule, MemoryBytecodeCache, SharedApp, quick_hashing, share_compiled_statements

if TYPE_CHECKING:
    from xdist.remote import Producer

# What runs leave, and rings that several files ask about; each stands after those that it builds on.
pytest_plugins = [
    "tests.temporary_folders",
    "tests.integration.money.harvester_pool",
    "tests.integration.schedule.laser_group",
    "tests.integration.documents.documents_ring",
]

# Monday, 23 November 2026, 8:00 in Berlin.
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
SECRET_KEY = "tests-and-nothing-but-tests-use-this-key"

# No property fails because the machine is busy; and the same program gets the same examples, so that a red test is red
# for what was changed. New examples are looked for with --hypothesis-profile=searching, as CONTRIBUTING.md says.
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("searching", derandomize=False, **UNHURRIED)
settings.register_profile("repeated", derandomize=True, database=None, **UNHURRIED)
settings.load_profile("repeated")
# Hypothesis also draws numbers from the source of every module that was imported before: other examples in each process
# of a run, and after each change of any file. Without them the same test gets the same examples everywhere.
NO_CONSTANTS = providers._local_constants
providers._get_local_constants = lambda: NO_CONSTANTS

open_connections.watch()
deadlocks.watch()
TEMPLATE_CACHE = MemoryBytecodeCache()
url_converters.LazyRule = CachedRule
# What a process keeps for seconds is kept until the end: on a busy machine it would be read again while statements
# are counted.
ring_card.CARD_SECONDS = pictures.CACHE_SECONDS = math.inf
# No test needs its data after a crash of the machine, so none waits for the disk. A killed process loses nothing.
PRAGMAS_OF_A_RING = engine._SQLITE_PRAGMAS
engine._SQLITE_PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in PRAGMAS_OF_A_RING)


FILLED = pytest.StashKey["FilledTemplate"]()  # the template of the test's database, where it is not empty


class UndefinedWhenPrinted(Undefined):
    """Fails when a template prints what its view lacks; a condition may still ask whether it is there."""

    __str__ = Undefined._fail_with_undefined_error


class Clock:
    """A clock that shows one instant until a test sets another."""

    def __init__(self, instant: datetime = MONDAY) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-postgresql", action="store_true", help="deselect tests that need PostgreSQL")
    parser.addoption("--without-browser", action="store_true", help="deselect tests that need Chromium")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the processes of xdist start after this
        compile_catalogs()
        compile_packages()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print what the tests run on, where behaviour depends on it."""
    versions = {
        "SQLite": sqlite3.sqlite_version,
        "psycopg": metadata.version("psycopg"),
        "time zones": metadata.version("tzdata"),
        "system": f"{_system_name()}, {platform.machine()}, {os.cpu_count()} processors",
    }
    return [", ".join(f"{name} {version}" for name, version in versions.items())]


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadGroupScheduler | None:
    return LoadGroupScheduler(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_collection(session: pytest.Session) -> None:
    import_from_the_end(session.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = {mark for mark in ("postgresql", "browser") if config.getoption(f"--without-{mark}")}
    dropped = [item for item in items if any(item.get_closest_marker(mark) for mark in left_out)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage rarely: it took a quarter of the time, for modules and tests that live until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames and "integration" in Path(metafunc.module.__file__).parts:
        on_postgresql = pytest.param("postgresql", marks=pytest.mark.postgresql)
        is_of_sqlite = metafunc.definition.get_closest_marker("of_sqlite") is not None
        kinds = ["sqlite"] if is_of_sqlite else ["sqlite", on_postgresql]
        metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Return "sqlite" or "postgresql"."""
    if hasattr(request, "param"):
        return request.param
    return "postgresql" if request.node.get_closest_marker("postgresql") else "sqlite"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    """A migrated file that each test copies: migrating takes far longer than copying."""
    return SqliteTemplate(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlTemplate]:
    """A PostgreSQL server with a migrated database that each test copies."""
    # Not in pytest's own folder: the next run of pytest would close that to the server's user.
    with TemporaryDirectory(prefix="ringbuch-postgresql-", ignore_cleanup_errors=True) as folder:
        link = tmp_path_factory.getbasetemp() / "postgresql"  # tests.temporary_folders looks for it
        link.symlink_to(folder)
        template = PostgresqlTemplate(Path(folder))
        yield template
        template.stop()
        link.unlink()


@dataclass(frozen=True)
class FilledTemplate:
    """Databases with the ring's own row or with the sample ring: to copy one takes 1 ms, to enter it anew 20."""

    copy: Callable[[Path], AbstractContextManager[str]]
    sample_ring: builders.SampleRing | None


@pytest.fixture(scope="session")
def filled_templates() -> dict[tuple[str, bool], FilledTemplate]:
    """Kind of database, and whether it has the sample ring -> what the tests of an application copy."""
    return {}


def filled_template(request: pytest.FixtureRequest, kind: str, *, has_sample: bool) -> FilledTemplate:
    """Return the template of a kind, made at its first use."""
    made = request.getfixturevalue("filled_templates")
    if (kind, has_sample) not in made:
        folder = request.getfixturevalue("tmp_path_factory").mktemp("filled")
        empty = request.getfixturevalue(f"{kind}_template")
        with empty.copy(folder) as url:
            sample_ring = _enter_ring(url, folder, has_sample=has_sample)
            rows = empty.rows_in(url) if kind == "postgresql" else None
        if kind == "sqlite":
            (folder / "ring.sqlite").rename(folder / "template.sqlite")
        copy = SqliteTemplate(folder).copy if kind == "sqlite" else partial(empty.copy, rows=rows)
        made[kind, has_sample] = FilledTemplate(copy, sample_ring)
    return made[kind, has_sample]


def _enter_ring(url: str, folder: Path, *, has_sample: bool) -> builders.SampleRing | None:
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=folder / "instance")
    with app.app_context():
        builders.ring(db.session())
        sample_ring = builders.sample_ring(db.session(), now=MONDAY) if has_sample else None
        db.session.remove()
        db.engine.dispose()
    return sample_ring


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh migrated database. For an application it has the ring, or the sample ring."""
    template = request.getfixturevalue(f"{database_kind}_template")
    if "app" in request.fixturenames:
        template = filled_template(request, database_kind, has_sample="sample_ring" in request.fixturenames)
        request.node.stash[FILLED] = template
    with template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    """The clock of the application; `clock.instant += ...` advances it."""
    return Clock()


def clear_request_globals(_error: BaseException | None) -> None:
    """Empty `g`: one context serves a whole test, and a request would find the login of the one before."""
    for name in list(g):
        g.pop(name)


def prepare(app: Flask) -> None:
    """Make an application fit for tests."""
    app.teardown_request(clear_request_globals)
    app.jinja_env.bytecode_cache = TEMPLATE_CACHE
    app.jinja_env.undefined = UndefinedWhenPrinted


@pytest.fixture(scope="session")
def shared_apps() -> dict[str, SharedApp]:
    """Kind of database -> the application that its tests use one after the other."""
    return {}


@pytest.fixture
def app(
    database_url: str,
    database_kind: str,
    tmp_path: Path,
    clock: Clock,
    shared_apps: dict[str, SharedApp],
    request: pytest.FixtureRequest,
) -> Iterator[Flask]:
    """The ring, empty but for its own row and the sample ring of tests that ask for it."""
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "TESTING": True,
        "CLOCK": clock,
        "WTF_CSRF_ENABLED": False,  # tests/web/access/test_csrf.py switches it on
        "RATELIMIT_ENABLED": False,
    }
    instance = (tmp_path / "instance").resolve()
    if database_kind not in shared_apps:
        shared_apps[database_kind] = SharedApp(settings, instance, prepare)
    app = shared_apps[database_kind].reset(settings, instance)
    with app.app_context(), quick_hashing():
        share_compiled_statements(db.engine)
        if FILLED not in request.node.stash:  # a test with a database of its own
            builders.ring(db.session())
        yield app
        db.session.remove()
        # Since Python 3.13 a connection that is left open is an error in whatever test runs when it is collected.
        assert not isinstance(db.engine.pool, QueuePool) or db.engine.pool.checkedout() == 0
        db.engine.dispose()
    assert deadlocks.taken() == []


@pytest.fixture
def waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to SQLite as those of a ring. Ask for it before `session`."""
    monkeypatch.setattr(engine, "_SQLITE_PRAGMAS", PRAGMAS_OF_A_RING)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The application's own session, as the pages use it. Closed here too: a test may have let go of it before."""
    session = db.session()
    yield session
    session.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not logged in."""
    return app.test_client()


@pytest.fixture
def sample_ring(session: Session, request: pytest.FixtureRequest) -> builders.SampleRing:
    """A small ring with the cast: see builders.SampleRing."""
    filled = request.node.stash.get(FILLED, None)
    return (filled and filled.sample_ring) or builders.sample_ring(session, now=MONDAY)


@pytest.fixture
def log_in(app: Flask, session: Session, clock: Clock):
    """Return log_in(user_id) -> a client that is logged in."""

    def as_user(user_id: int) -> FlaskClient:
        client = app.test_client()
        token = builders.open_session(session, user_id, now=clock())
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
            cookie["confirmed_at"] = int(clock().timestamp())
        return client

    return as_user
