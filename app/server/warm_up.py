"""Warm-up: the pages of a member's visit are made once before somebody waits for them.

The first use of a page compiles its statements and reads templates and texts: 0.25 s of processor time for a visit that
takes a fifth of it from then on. Where processes fork it is done before, so that all of them share what it leaves in
memory (each would take 30 MB of its own) and none is slow for whoever comes first. Elsewhere each does it after its
start. PostgreSQL serves each connection by a process that knows nothing at first either, and plans a statement each
time it is run until it has met it six times. So there the connections that requests need at once are opened after the
start, and each runs what a visit has read so often.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from http import HTTPStatus
from threading import Thread
from typing import Any

from flask import Flask
from sqlalchemy import Connection, QueuePool, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from app.auth import logins
from app.auth.models import User
from app.background.deferral import CARRIED_OUT
from app.clock import now
from app.extensions import db
from app.server.lanes import LANES
from app.web.uncounted import UNCOUNTED
from booking.kernel.errors import Unavailable

AFTER_SECONDS = 1.0  # whoever waited for the start is served first
PAGES = ("/today", "/plan", "/reservations", "/machines", "/reservations/new")
LOGINS_TRIED = 20
AT_ONCE = ("read", "write", "password")  # lanes
WARMED_UP = "warmed_up_before_the_fork"


def before_the_fork(app: Flask) -> None:
    """Warm up in this process, and leave no connection open, because its children would share it."""
    gc.disable()  # as in preload.py: what is left is never freed
    _first_visit(app)
    db.session.remove()
    db.engine.dispose()
    app.extensions[WARMED_UP] = True
    gc.freeze()
    gc.enable()


def begin_warm_up(app: Flask) -> None:
    """Warm up, in a thread of its own that ends with the process, what was not before the fork."""
    with app.app_context():
        is_warm = WARMED_UP in app.extensions and not is_pooled_server()
    if not is_warm:
        Thread(target=warm_up, args=(app,), daemon=True).start()


def warm_up(app: Flask) -> None:
    """Ask for the log-in and for a member's pages; nothing is counted, stored, sent or logged."""
    with app.app_context():
        is_server = is_pooled_server()
    if not is_server:
        _first_visit(app)
        return
    with app.app_context(), suppress(DBAPIError, NoConnectionFree, Unavailable):
        with db.engine.connect() as connection:
            noting = _driver(connection)
            noting.begin_noting()
        is_done = _first_visit(app) is not None  # it takes the connection that was used last
        statements = noting.end_noting()
        if is_done:
            _rehearse(statements)


def _rehearse(statements: Mapping[str, Any]) -> None:
    """Open the connections that requests need at once, and let each run what a visit has read."""
    with ExitStack() as held:
        for _number in range(sum(LANES[lane].width for lane in AT_ONCE)):
            connection = held.enter_context(db.engine.connect())
            with connection.begin():
                _driver(connection).rehearse(statements)


def _driver(connection: Connection) -> Any:
    """Return the connection of the driver (DeadlineConnection)."""
    return connection.connection.driver_connection


def _first_visit(app: Flask) -> int | None:
    """Visit as some member, and return the login; None without one, and where not all pages could be made.

    It ends with the first page that fails: the database does not answer, or another process is still upgrading it.
    Nobody has met that trouble; whoever does has it logged.
    """
    try:
        user_id = _some_member(app)
    except (DBAPIError, NoConnectionFree, Unavailable):
        return None
    return user_id if _visit(app, user_id) else None


def _visit(app: Flask, user_id: int | None) -> bool:
    """Ask for the log-in, then for the pages of a login. Return whether all were answered."""
    client, base_url = app.test_client(use_cookies=False), app.config["BASE_URL"]
    visits = [("/login", {}), *((page, {CARRIED_OUT: user_id}) for page in PAGES if user_id is not None)]
    for page, login in visits:
        with app.app_context():  # its own: that of a command would remember nobody, who asked for the log-in
            answer = client.get(page, base_url=base_url, environ_overrides={UNCOUNTED: True, **login})
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
    return True


def is_pooled_server() -> bool:
    """Return whether connections lead to a server and are kept."""
    return db.engine.dialect.name == "postgresql" and isinstance(db.engine.pool, QueuePool)


def _some_member(app: Flask) -> int | None:
    """Return the first login of a member who belongs to the ring; None without one."""
    with app.app_context():
        session = db.session()
        logins.by_session_token(session, "", now=now())  # each page asks for it, but for those of the visit
        ids = session.scalars(_MEMBERS).all()
        return next((each for each in ids if _is_of_the_ring(session, each)), None)


def _is_of_the_ring(session: Session, user_id: int) -> bool:
    login = logins.by_user_id(session, user_id, now=now())
    return login is not None and login.left_on is None


_MEMBERS = (
    select(User.id).where(User.member_id.is_not(None), User.disabled_at.is_(None)).order_by(User.id).limit(LOGINS_TRIED)
)
