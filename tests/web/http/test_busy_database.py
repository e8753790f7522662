"""While somebody else holds the write lock, who writes is asked to come back and who reads is not disturbed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from app.extensions import db
from app.server.lanes import IS_LATE
from booking.kernel import transaction
from booking.models import Reservation, Status
from tests.builders import hours, reserve
from tests.conftest import MONDAY

LATE = {IS_LATE: True}


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


TYPED = {
    "machine": "combine",
    "date": "2026-06-02",
    "time": "09:00",
    "until": "length",
    "hours": "2",
    "minutes": "0",
    "places": "1",
    "purpose": "Barley behind the church",
}
AGAIN = {**TYPED, "date": "2026-11-25", "time": "08:00"}


def test_a_form_is_shown_again_with_what_was_typed(anna, held_lock):
    answer = anna.post("/reservations/new", data=TYPED)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "Barley behind the church" in answer.text
    assert "Too many people are saving changes at once." in answer.text


def test_a_form_that_waited_too_long_for_its_turn_leads_back_with_what_was_typed(anna, session):
    answer = anna.post(
        "/reservations/new",
        data=TYPED,
        headers={"Referer": "http://localhost/reservations/new"},
        environ_overrides=LATE,
    )

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert '<input type="hidden" name="purpose" value="Barley behind the church">' in answer.text
    assert '<form method="post" action="/reservations/new">' in answer.text
    foreign = anna.post("/reservations/new", data=TYPED, headers={"Referer": "http://evil/"}, environ_overrides=LATE)
    assert (foreign.status_code, "Barley" in foreign.text) == (503, False)


def test_a_late_call_of_a_program_gets_a_problem(client):
    answer = client.get("/api/v1/machines", environ_overrides=LATE)

    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "busy", "2")


def test_a_span_that_is_taken_is_refused_without_waiting_for_the_lock(anna, reservation, held_lock):
    answer = anna.post("/reservations/new", data=AGAIN)

    assert answer.status_code == 409, "the lock is held all the while"
