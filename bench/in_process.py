"""The rows that are measured without a server: the week as data, the earliest free span; and pages by a test client."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.auth import login_sessions
from app.auth.models import User
from app.clock import now
from app.extensions import db
from bench.clients import UnexpectedResponse
from bench.filling import EVERY_HOURS, MACHINES, FilledRing
from booking import availability, queries
from booking.kernel.transaction import write_transaction
from booking.timespan import TimeSpan

IN_A_WEEK = 7 * 24 // EVERY_HOURS * MACHINES


def week_as_data(filled: FilledRing, rounds: int) -> float:
    """Measure row 5: microseconds per reservation."""
    span = TimeSpan(filled.monday, filled.monday + timedelta(days=7))

    def read() -> None:
        board = queries.board(db.session(), span, now=now())
        seen = sum(len(row.entries) for row in board.rows)
        if seen != IN_A_WEEK:
            raise UnexpectedResponse(f"The week holds {seen} reservations instead of {IN_A_WEEK}; nothing is printed.")

    return _seconds(filled, read, rounds, 10) * 1e6 / IN_A_WEEK


def earliest_free(filled: FilledRing, rounds: int) -> float:
    """Measure row 10: milliseconds to find the earliest free nine hours on 50 machines.

    On Monday at midnight: the gaps of the full week are shorter, so that all of it is searched, whenever this runs.
    """
    ids, begin = filled.machine_ids, filled.monday

    def read() -> None:
        found = availability.earliest_free(db.session(), machine_ids=ids, now=begin, minutes=9 * 60)
        if not found or found[0].span.start < begin + timedelta(days=6):
            raise UnexpectedResponse(f"{found} was found in a full week; nothing is printed.")

    return _seconds(filled, read, rounds, 20) * 1e3


def _seconds(filled: FilledRing, read: Callable[[], None], rounds: int, times: int) -> float:
    app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=filled.instance)
    with app.app_context():
        read()
        results = []
        for _round in range(rounds):
            begin = time.perf_counter()
            for _time in range(times):
                read()
                db.session.rollback()
            results.append((time.perf_counter() - begin) / times)
        db.session.remove()
        db.engine.dispose()
    return median(results)


def median_ms(asked: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Return the median of the processor time of each, in milliseconds; they are asked in turn."""
    spent: list[list[float]] = [[] for _ask in asked]
    for _round in range(rounds):
        for ask, times in zip(asked, spent, strict=True):
            begin = time.process_time()
            ask()
            times.append((time.process_time() - begin) * 1e3)
    return [median(times) for times in spent]


def client_of(app: Flask, email: str) -> FlaskClient:
    """Return a test client in which somebody is logged in."""
    # No request is made within this context: they would share what it remembers of the login.
    with app.app_context():
        session = db.session()
        user_id = session.scalars(select(User.id).where(User.email == email)).one()
        with write_transaction(session):
            secret = login_sessions.open_session(session, user_id, now=now(), days=30)
        db.session.remove()
        db.engine.dispose()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    return client


def get(client: FlaskClient, address: str) -> None:
    """Ask a page."""
    response = client.get(address)
    if response.status_code != 200:
        raise UnexpectedResponse(f"{address} answers {response.status_code}; nothing is printed.")
