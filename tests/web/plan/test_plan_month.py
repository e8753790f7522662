"""The months of the plan, the card beside a block, the price of a chosen time, and moving a block."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.members.members import STANDARD_PRICE_CLASS
from booking.models import Member
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


def words_of(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def moved(client, reservation, by_hours, **changes):
    fields = {
        "was": "2026-11-24T07:00Z",
        "start": f"2026-11-24T{7 + by_hours:02d}:00Z",
        "end": f"2026-11-24T{9 + by_hours:02d}:00Z",
        "back": "/plan?view=week",
        **changes,
    }
    return client.post(f"/plan/move/{reservation}", data=fields)


def test_a_month_counts_the_machines_that_are_free_all_day_and_each_ones_free_days(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 3), now=MONDAY)
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 1, 30), now=MONDAY, places=10)

    page = anna.get("/plan?view=month").text

    assert "November 2026" in page
    assert "Monday 23 November 2026, 3 are free all day" in page, "laser, splitter, and places of the cold store"
    assert "Sunday 29 November 2026, 3 are free all day" in page, "the laser is closed"
    assert re.search(r"combine\?month=2026-11.*?7 free days", page, re.DOTALL), "from the 24th on"
    assert re.search(r'title="23: partly taken">partly taken</td><td class="d f">free all day</td>', page, re.DOTALL)
    assert 'rel="next" href="/plan?day=2026-12-01&amp;view=month"' in page
    assert 'rel="prev" href="/plan?day=2026-10-31&amp;view=month"' in anna.get("/plan?view=month&day=2026-11-30").text


def test_a_machines_month_shows_each_day_with_what_is_taken_free_and_closed(session, sample_ring, anna, log_in):
    mine = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id

    page = anna.get("/plan/machine/laser?month=2026-11").text

    assert f'<a href="/reservations/{mine}">8–10 Me</a>' in page
    assert "machine=laser&amp;start=2026-11-24T09:00Z" in page
    assert "closed: Saturday" in page
    assert "8–10 taken" in log_in(sample_ring.bernd_login).get("/plan/machine/laser?month=2026-11").text
    assert "8–10 Anna" in log_in(sample_ring.rita_login).get("/plan/machine/laser").text
    assert "December 2026" in anna.get("/plan/machine/cold-store?month=2026-12").text
    assert "is not valid" in anna.get("/plan/machine/laser?month=2026-13").text
    assert anna.get("/plan/machine/nothing").status_code == 404
    assert "/plan/machine/laser" in anna.get("/machines/laser").text


def test_the_card_tells_managers_whom_to_call_and_lets_them_decide(session, sample_ring, log_in, anna):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).phone = "08841 1234"
    one = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY).id
    wanda = log_in(sample_ring.wanda_login)

    card = wanda.get(f"/plan/card/{one}?back=/plan?view=week").text

    assert "08841 1234" in card
    assert "<html" not in card
    assert "approve:" not in anna.get(f"/plan/card/{one}").text
    assert log_in(sample_ring.bernd_login).get(f"/plan/card/{one}").status_code == 404
    value = re.search(r'value="(approve:[^"]+)"', card)[1]
    approved = wanda.post("/approvals", data={"one": value, "back": "/plan?view=week"})
    assert (approved.status_code, approved.location) == (303, "/plan?view=week")
    assert (
        wanda.post("/approvals", data={"one": value, "back": "//evil.example/plan"}).location != "//evil.example/plan"
    )


def test_a_chosen_time_has_a_length_and_a_price(session, sample_ring, anna):
    entry = TariffEntry(MONDAY.date(), {STANDARD_PRICE_CLASS: Decimal("12.50")})
    with write_transaction(session):
        enter_tariff(session, sample_ring.splitter, entry, by=SOMEBODY, now=MONDAY)

    told = anna.get("/plan/price?machine=splitter&start=2026-11-24T07:00Z&end=2026-11-24T09:30Z")

    assert told.text == "2 h 30 min, about €31.25"
    assert anna.get("/plan/price?machine=laser&start=2026-11-24T07:00Z&end=2026-11-24T09:00Z").text == "2 h"
    for wrong in (
        "start=x&end=y",
        "start=2026-11-24T07:00Z&end=2026-11-24T07:00Z",
        "start=2026-11-24T07:00&end=2026-11-25",
        "start=0001-01-01T00:00%2B14:00&end=2026-11-25T07:00Z",
        "start=2026-11-24T07:00Z&end=9999-12-31T23:59-12:00",
    ):
        assert anna.get(f"/plan/price?machine=combine&{wrong}").status_code == 400


def test_a_block_is_moved_and_the_move_taken_back(session, sample_ring, anna):
    one = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id
    start = queries.reservation(session, one).starts_at
    assert "data-at=" in anna.get("/plan").text

    answer = moved(anna, one, 3)

    assert (answer.status_code, answer.location) == (303, "/plan?view=week")
    session.expire_all()
    assert queries.reservation(session, one).starts_at == start + timedelta(hours=3)
    page = anna.get("/plan?view=week").text
    assert "Moved: Combine, Tue 24 November, 11:00 to 13:00." in words_of(page)
    form = page.partition(f'action="/plan/move/{one}"')[2].partition("</form>")[0]
    anna.post(f"/plan/move/{one}", data=dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form)))
    session.expire_all()
    assert queries.reservation(session, one).starts_at == start


def test_a_block_that_cannot_be_moved_stays_and_the_reason_is_shown(session, sample_ring, anna, log_in):
    one = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 28, 30), now=MONDAY)

    moved(anna, one, 4)
    assert "Not moved:" in anna.get("/plan?view=week").text
    moved(anna, one, 1, was="2026-11-24T06:00Z")
    assert "the reservation has changed meanwhile" in anna.get("/plan").text
    assert moved(anna, one, 1, end="never").status_code == 400
    assert moved(log_in(sample_ring.bernd_login), one, 1).status_code == 404
    assert moved(anna, one, 1, back="https://evil.example/").location == "/plan"
