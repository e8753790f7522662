"""A member's pages are made once before anybody waits for them, before the fork where processes fork."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from unittest.mock import Mock

import pytest
from flask import g, request, request_finished
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.auth import logins
from app.background.deferral import CARRIED_OUT
from app.extensions import db
from app.server import warm_up
from app.server.lanes import LANES
from app.server.warm_up import PAGES
from app.web.uncounted import UNCOUNTED
from booking.kernel.errors import Busy
from booking.kernel.postgresql_connection import DeadlineConnection
from booking.kernel.transaction import write_transaction


def asked(app):
    """The path, the login and the status of each request of a warm-up, none of which is counted."""
    return noted(app, lambda: warm_up.warm_up(app))


def noted(app, act):
    found = []

    def note(_app, response):
        assert UNCOUNTED in request.environ
        found.append((request.path, request.environ.get(CARRIED_OUT), response.status_code))

    with request_finished.connected_to(note, app):
        act()
    return found


def test_the_pages_of_a_member_are_made_and_nothing_is_stored(app, sample_ring, statements):
    visit = [("/login", None, 200)] + [(page, sample_ring.anna_login, 200) for page in PAGES]
    with statements() as made:
        assert asked(app) == visit

    assert [each for each in made if not each.startswith(("SELECT", "WITH"))] == []


@pytest.mark.postgresql
def test_a_server_has_planned_what_a_visit_reads_on_each_connection_that_is_needed_at_once(app, sample_ring):
    db.session.remove()
    db.engine.dispose()
    warm_up.warm_up(app)

    with ExitStack() as held:
        connections = [held.enter_context(db.engine.connect()) for _ in range(db.engine.pool.checkedin())]
        planned = "SELECT statement FROM pg_prepared_statements WHERE generic_plans + custom_plans > 5"
        known = [set(connection.exec_driver_sql(planned).scalars()) for connection in connections]
    assert len(known) == LANES["read"].width + LANES["write"].width + LANES["password"].width
    in_all = set.intersection(*known)
    assert len(in_all) > 20
    tables = ("auth_session", "booking_occupancy", "booking_usage")
    assert [table for table in tables if not any(table in one for one in in_all)] == []


@pytest.mark.postgresql
def test_a_statement_that_fails_ends_the_rehearsal_and_nothing_else(app, sample_ring, monkeypatch):
    monkeypatch.setattr(DeadlineConnection, "end_noting", lambda _self: {"SELECT no_such_column": None})

    warm_up.warm_up(app)

    assert app.test_client().get("/login").status_code == 200


def test_a_ring_without_members_has_its_log_in_warmed_up(app):
    assert [path for path, _login, _status in asked(app)] == ["/login"]


def test_without_a_database_the_process_stays_as_it_is(app, sample_ring, monkeypatch):
    def gone(*_words, **_named):
        raise OperationalError("SELECT ...", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(logins, "by_user_id", gone)

    assert asked(app) == []
    warm_up.before_the_fork(app)


def test_what_is_made_before_the_fork_leaves_no_connection_to_the_children(app, sample_ring):
    pages = noted(app, lambda: warm_up.before_the_fork(app))

    assert [path for path, _login, _status in pages] == ["/login", *PAGES]
    assert (db.engine.pool.checkedin(), db.engine.pool.checkedout()) == (0, 0)
    assert gc.isenabled()


def test_no_page_knows_the_visitor_of_the_one_before(app, sample_ring):
    contexts = [g._get_current_object()]  # a command has one, as the tests do, which empty it for each request

    def note(_app, **_named):
        contexts.append(g._get_current_object())

    with request_finished.connected_to(note, app):
        warm_up.before_the_fork(app)
    assert len({id(each) for each in contexts}) == 1 + 1 + len(PAGES)


def test_a_child_opens_connections_to_a_server_and_repeats_nothing_else(app, sample_ring, monkeypatch):
    begun = []
    monkeypatch.setattr(warm_up, "Thread", lambda **_named: begun.append(1) or Mock())

    warm_up.begin_warm_up(app)
    assert len(begun) == 1  # it has loaded the program itself: nothing is warm

    warm_up.before_the_fork(app)
    warm_up.begin_warm_up(app)
    assert len(begun) == 1 + (db.engine.dialect.name == "postgresql")


def test_a_database_that_is_still_to_be_upgraded_is_left_alone(app, sample_ring, session, monkeypatch, caplog):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with write_transaction(session):
        session.execute(text("DROP TABLE booking_announcement"))

    assert asked(app) == [("/login", None, 200), ("/today", sample_ring.anna_login, 500)]
    assert caplog.messages == []


def test_a_trouble_that_nobody_met_is_not_logged(app, sample_ring, monkeypatch, caplog):
    def busy(*_words, **_named):
        raise Busy(retry_after_seconds=1)

    monkeypatch.setitem(app.view_functions, "plan.show", busy)

    assert asked(app)[-1] == ("/plan", sample_ring.anna_login, 503)
    assert caplog.messages == []
