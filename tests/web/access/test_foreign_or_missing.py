"""Another's object and a missing one are refused in the same words: nobody learns which numbers exist."""

from __future__ import annotations

import re

import pytest

from booking.kernel.transaction import write_transaction
from calendars import tokens
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import Program, token_of

MISSING = 9_999_999


@pytest.fixture
def annas(session, sample_ring):
    """A reservation of Anna's."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 29), now=MONDAY).id


@pytest.fixture
def bernd(log_in, sample_ring):
    return log_in(sample_ring.bernd_login)


def words(answer):
    """What a page says, without the numbers and tokens in it."""
    return re.sub(r'value="[^"]*"|\d+', "", answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/reservations/{}",
        "/reservations/{}/cancel",
        "/reservations/{}/move",
        "/usage/hand-out/{}",
        "/usage/hand-back/{}",
    ],
)
def test_pages_answer_foreign_and_missing_alike(bernd, annas, path):
    foreign, missing = bernd.get(path.format(annas)), bernd.get(path.format(MISSING))

    assert foreign.status_code == missing.status_code == 404
    assert words(foreign) == words(missing)


def test_subscriptions_answer_foreign_and_missing_alike(bernd, session, sample_ring):
    wish = tokens.FeedWish("full", member_id=sample_ring.anna)
    with write_transaction(session):
        annas_feed = tokens.create(session, sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY).feed_id

    foreign, missing = bernd.get(f"/feeds/{annas_feed}/renew"), bernd.get(f"/feeds/{MISSING}/renew")

    assert foreign.status_code == missing.status_code == 404
    assert words(foreign) == words(missing)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", "/reservations/{}"),
        ("post", "/reservations/{}/cancel"),
        ("post", "/reservations/{}/hand-out"),
        ("post", "/reservations/{}/hand-back"),
    ],
)
def test_the_api_answers_foreign_and_missing_alike(app, session, sample_ring, annas, method, path):
    program = Program(app, token_of(session, sample_ring.bernd_login, now=MONDAY))
    move = {"starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T10:00:00Z"}
    body = move if method == "patch" else {}

    foreign = getattr(program, method)(path.format(annas), body)
    missing = getattr(program, method)(path.format(MISSING), body)

    assert foreign.json == missing.json
    assert foreign.status_code == 404
