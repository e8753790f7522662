"""The application factory: create_app() joins all parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MethodType
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import NullPool, make_url
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app import config, extensions, schema
from app.api import guard, problems, register_api
from app.auth import permissions, security_log, user_loader
from app.auth.login_rate import LoginRateStorage
from app.auth.permissions import EVERYBODY
from app.pages import confirmation, errors, frame, key_guard, register_pages, saved_submission, tour
from app.pages.feeds.fast_path import FeedMiddleware
from app.pages.setup import guard as setup_guard
from app.server import metrics
from app.storage import migrate
from app.web import (
    clean_request,
    compression,
    large_requests,
    locales,
    log_redaction,
    page_context,
    rate_limits,
    schema_difference,
    security_headers,
    template_cache,
    trouble_log,
    unknown_outcome,
    url_converters,
)
from app.web.intermediaries import IntermediaryMiddleware
from app.web.read_retry import ReadRetryMiddleware
from app.web.url_cache import CachingFlask
from booking.kernel.engine import connect_args, prepare_engine
from booking.kernel.postgresql import POOL_OVERFLOW, POOL_SIZE
from booking.kernel.presets import has_transaction_pooler
from booking.kernel.transaction import discard

ROOT = Path(__file__).resolve().parent.parent
# SQLAlchemy keeps up to half as many more, 50 kB each. All pages of all roles would leave 425; a visit uses 60.
COMPILED_STATEMENTS = 64

assert schema.metadata.tables  # imports every table before the first query

# The endpoint that Flask adds itself.
permissions.declare("static", EVERYBODY, before_second_factor=True)


def create_app(overrides: Mapping[str, Any] | None = None, instance_path: str | Path | None = None) -> Flask:
    """Return the ring as a WSGI application.

    overrides: settings that win over file and environment (tests). instance_path: the folder of this ring's
    database and secrets; default RINGBUCH_INSTANCE, else instance/ beside the program.

    Raises SettingError for a setting that cannot be used.
    """
    instance = Path(instance_path or os.environ.get("RINGBUCH_INSTANCE") or ROOT / "instance").resolve()
    app = CachingFlask("app", instance_path=str(instance), instance_relative_config=True)
    config.configure(app, overrides)
    compression.init_app(app)
    url_converters.init_app(app)
    _init_extensions(app)
    metrics.init_app(app)
    log_redaction.init_app(app)
    security_headers.init_app(app)
    clean_request.init_app(app)
    template_cache.init_app(app)
    page_context.init_app(app)
    locales.init_app(app)
    rate_limits.init_app(app)
    errors.init_app(app)
    register_pages(app)
    register_api(app)
    _register_protocol_errors(app)
    frame.init_app(app)
    tour.init_app(app)
    key_guard.init_app(app)
    setup_guard.init_app(app)
    saved_submission.init_app(app)
    large_requests.init_app(app)
    unknown_outcome.init_app(app)
    trouble_log.init_app(app)
    permissions.init_app(app)
    confirmation.init_app(app)
    _add_commands(app)
    return app


def init_database(app: Flask) -> None:
    """Create the engine of the configured database, and the WSGI middleware, of which some asks it."""
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", _engine_options(app.config["SQLALCHEMY_DATABASE_URI"]))
    extensions.init_secret_box(app)
    extensions.db.init_app(app)
    app.teardown_appcontext(_discard_session)
    schema_difference.init_app(app, migrate.has_other_schema)
    with app.app_context():
        prepare_engine(extensions.db.engine)
        _init_middleware(app)


def _init_middleware(app: Flask) -> None:
    """Put what a request passes first in front of Flask's own WSGI application, the outermost last."""
    flask_itself = MethodType(Flask.wsgi_app, app)
    app.wsgi_app = IntermediaryMiddleware(flask_itself, app.config["BASE_URL"])  # type: ignore[method-assign]
    app.wsgi_app = _behind_proxies(app)  # type: ignore[method-assign]
    app.wsgi_app = ReadRetryMiddleware(FeedMiddleware(app, extensions.db.engine))  # type: ignore[method-assign]


def _init_extensions(app: Flask) -> None:
    init_database(app)
    user_loader.init_app(app)
    security_log.init_app(app)
    extensions.csrf.init_app(app)
    _init_limiter(app)


def _discard_session(_error: BaseException | None) -> None:
    """End the transaction of a request before Flask-SQLAlchemy does, which fails if the connection was lost."""
    if extensions.db.session.registry.has():
        discard(extensions.db.session())


def _init_limiter(app: Flask) -> None:
    """Check limits only in the views that carry one.

    The library would look for limits before every request: 0.1 to 0.3 ms of the 3 ms that it takes to create a
    reservation (measured in pairs). What it does after each is for headers and deductions that no limit here has.
    """
    assert LoginRateStorage.STORAGE_SCHEME  # importing it makes the address of the storage known
    hooks: list[Any] = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    registered = [list(each.get(None, ())) for each in hooks]
    extensions.limiter.init_app(app)
    for each, before in zip(hooks, registered, strict=True):
        each[None] = before


def _engine_options(uri: str) -> dict[str, Any]:
    compiled = {"query_cache_size": COMPILED_STATEMENTS}
    if uri.startswith("sqlite"):
        # The connection that was used last still has its pages cached.
        return compiled | {"pool_size": 16, "max_overflow": 32, "pool_timeout": 5, "pool_use_lifo": True}
    if has_transaction_pooler(make_url(uri)):
        return compiled | {"poolclass": NullPool, "connect_args": connect_args(uri)}
    return compiled | {
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
        "pool_timeout": 5,
        "pool_use_lifo": True,  # the connection that was used last has its statements prepared
        "pool_recycle": 43_200,  # what an evening has opened serves the morning; each is checked before it is used
        "connect_args": connect_args(uri),
    }


def _behind_proxies(app: Flask) -> Any:
    proxies = app.config["TRUSTED_PROXIES"]
    if not proxies:
        return app.wsgi_app
    return ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)


def _register_protocol_errors(app: Flask) -> None:
    """Respond with a problem document to programs and a page to people where no view matched (404, 405 ...)."""

    def answer(error: HTTPException) -> ResponseReturnValue:
        return guard.http_error(error) if problems.is_api_request() else errors.http_error(error)

    for status in (400, 404, 405, 413, 414):
        app.register_error_handler(status, answer)


def _add_commands(app: Flask) -> None:
    from app.commands import ring

    app.cli.add_command(ring)
