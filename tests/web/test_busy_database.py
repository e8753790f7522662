"""While somebody else holds the write lock, who writes is asked to come back and who reads is not disturbed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from app.extensions import db
from booking.kernel import transaction
from booking.models import Reservation, Status
from tests.builders import hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def reservation(session, sample_ring):
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 48, 50), now=MONDAY).id


@pytest.fixture
def anna(sample_ring, log_in, monkeypatch):
    """Anna's browser, before a database that makes writers wait half a second instead of five."""
    monkeypatch.setitem(transaction.write_transaction.__wrapped__.__kwdefaults__, "wait_seconds", 0.5)
    return log_in(sample_ring.anna_login)


@pytest.fixture
def held_lock(anna, reservation):
    """Another program writes and does not end."""
    db.session.rollback()
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_write_gets_retry_after_and_stores_nothing(session, anna, reservation, held_lock):
    answer = anna.post(f"/reservations/{reservation}/cancel", data={"revision": "0"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert session.get(Reservation, reservation, populate_existing=True).status == Status.CONFIRMED


def test_a_reader_is_served_at_once(anna, reservation, held_lock):
    assert anna.get(f"/reservations/{reservation}").status_code == 200


def test_when_the_lock_is_free_again_so_is_writing(anna, reservation, held_lock):
    held_lock.execute("ROLLBACK")

    assert anna.post(f"/reservations/{reservation}/cancel", data={"revision": "0"}).status_code == 303
