"""PostgreSQL asks to repeat a transaction: it is repeated, and who was unlucky each time is told so, with a 409."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from booking.kernel.transaction import write_transaction
from booking.models import Member, Reservation
from tests.conftest import MONDAY
from tests.web.http.test_busy_database import AGAIN
from tests.web.programs import program_of, rows, wish

pytestmark = pytest.mark.postgresql

# A sequence counts on whatever is rolled back, so the next writes up to the third fail as in a clash.
CLASH = """
CREATE SEQUENCE clashes MINVALUE -1000 START -1000;
CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('clashes') < 3 THEN RAISE 'could not serialize access' USING ERRCODE = '40001'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clash BEFORE INSERT OR UPDATE ON booking_reservation FOR EACH ROW EXECUTE FUNCTION clash();
CREATE TRIGGER clash BEFORE INSERT OR UPDATE ON booking_member FOR EACH ROW EXECUTE FUNCTION clash();
"""


@pytest.fixture
def clashing(session, sample_ring):
    with write_transaction(session):
        session.execute(text(CLASH))


def test_a_clash_in_every_try_is_a_409_that_stores_nothing_and_keeps_what_was_typed(
    app, log_in, session, sample_ring, clashing
):
    members, anna, rita = rows(session, Member), log_in(sample_ring.anna_login), log_in(sample_ring.rita_login)
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    table = {"text": "number;name\nX-1;Hof X\n"}
    answers = {
        "a program": program.post("/reservations", wish(sample_ring.combine)),
        "a form": anna.post("/reservations/new", data=AGAIN),
        "a table": rita.post("/admin/import/members/store", data=table),
    }

    assert {who: answer.status_code for who, answer in answers.items()} == dict.fromkeys(answers, 409)
    assert answers["a program"].json["code"] == "write_clash"
    assert answers["a program"].headers["Retry-After"] == "1"
    assert "Others were changing the same at this moment." in answers["a form"].text
    assert AGAIN["purpose"] in answers["a form"].text
    assert (rows(session, Reservation), rows(session, Member)) == (0, members)


def test_a_clash_in_two_tries_is_not_noticed(app, session, sample_ring, clashing):
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    with write_transaction(session):
        session.execute(text("SELECT setval('clashes', 0)"))

    assert program.post("/reservations", wish(sample_ring.combine, 30, 32)).status_code == 201
    assert rows(session, Reservation) == 1
