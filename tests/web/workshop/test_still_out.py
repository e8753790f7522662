"""A machine that should be back is shown so everywhere, to everybody, without a name to those who may not know it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from booking.kernel.transaction import write_transaction
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY


def at(hour):
    return MONDAY + timedelta(hours=hour)


def hand_out(session, reservation_id, hour):
    with write_transaction(session):
        usage.hand_out(session, reservation_id, Measurement(), by=SOMEBODY, now=at(hour))


@pytest.fixture
def late(session, sample_ring, clock):
    """Anna has had the combine since MONDAY (8:00), it was due at 10:00, and now it is 12:30."""
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY)
    hand_out(session, entered.id, 0)
    clock.instant = at(4.5)
    return entered.id


@pytest.fixture
def bernd(log_in, sample_ring):
    return log_in(sample_ring.bernd_login)


def row_of(page, slug="combine"):
    return page.text.partition(f'data-machine="{slug}"')[2].partition("\n")[0]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/machines", "overdue since 10:00"),
        ("/machines/combine", "overdue since 10:00"),
        ("/usage/at/combine", "Still out, was due at 10:00."),
    ],
)
def test_pages_of_a_machine_say_since_when_it_is_due(bernd, late, address, words):
    page = bernd.get(address)

    assert words in page.text
    assert "Anna" not in page.text


def test_the_plan_holds_it_up_to_now_and_no_longer(bernd, log_in, sample_ring, late):
    for view in ("week", "day", "list"):
        assert "still out, was due at 10:00" in bernd.get(f"/plan?day=2026-11-23&view={view}").text
    assert "Anna" not in row_of(bernd.get("/plan?day=2026-11-23&view=day"))
    row = row_of(log_in(sample_ring.wanda_login).get("/plan?day=2026-11-23&view=day"))
    assert "<em>Anna</em><b> still out" in row
    assert "still out" not in bernd.get("/plan?day=2026-11-24&view=day").text
    assert 'data-machine="combine"' not in bernd.get("/plan?day=2026-11-23&view=day&free_at=12:30").text


def test_the_plan_shows_it_the_day_after_with_the_day_on_which_it_was_due(bernd, clock, late):
    clock.instant = at(25)

    assert "still out, was due on Mon 23 November at 10:00" in row_of(bernd.get("/plan?day=2026-11-24&view=day"))
    assert "overdue since Mon 23 November, 10:00" in bernd.get("/machines/combine").text


def test_time_that_others_have_meanwhile_stays_theirs_on_the_plan(session, sample_ring, bernd, late, clock):
    following = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 3, 4), now=at(2)).id
    clock.instant = at(2.9)
    turned = row_of(bernd.get("/plan?day=2026-11-23"))
    assert "><i>10<b> still out, was due at 10:00</b>" in turned, "where the sentence would be turned and cut"
    clock.instant = at(4.5)
    row = row_of(bernd.get("/plan?day=2026-11-23&view=day"))

    assert f"/reservations/{following}" in row
    assert row.count("still out") == 2


def test_places_that_are_still_out_are_counted_as_held(session, sample_ring, clock, bernd):
    entered = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 0, 24), now=MONDAY, places=3)
    hand_out(session, entered.id, 0)
    clock.instant = at(25)

    row = row_of(bernd.get("/plan?day=2026-11-24&view=day"), "cold-store")
    assert "21 free 3 still out" in " ".join(re.sub(r"<[^>]*>", " ", row).split())
    assert "3 places are still out, the first was due" in bernd.get("/machines/cold-store").text


def test_a_wish_for_soon_is_warned_and_accepted(session, sample_ring, bernd, late):
    query = "machine=combine&date=2026-11-23&time=13:00&until=length&hours=1&minutes=0&places=1"
    checked = bernd.get(f"/reservations/check?{query}").text
    assert "Still out, was due at 10:00." in checked
    assert "It may not be there in time." in checked
    assert "Free, and within the rules." in checked

    soon = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 6), now=at(4.5)).id
    assert "Still out, was due at 10:00." in bernd.get(f"/reservations/{soon}").text
    assert "Still out, was due at 10:00." in bernd.get("/today").text


def test_a_wish_for_later_is_not_warned(bernd, late):
    query = "machine=combine&date=2026-11-25&time=13:00&until=length&hours=1&minutes=0&places=1"

    checked = bernd.get(f"/reservations/check?{query}").text
    assert "Free, and within the rules." in checked
    assert "Still out" not in checked


def test_programs_read_what_is_still_out(speak_as, sample_ring, late):
    bernd = speak_as(sample_ring.bernd_login)
    expected = {"places": 1, "due_at": bernd.get(f"/machines/{sample_ring.combine}").json["still_out"]["due_at"]}

    assert bernd.get(f"/machines/{sample_ring.combine}").json["still_out"] == expected
    listed = {one["id"]: one["still_out"] for one in bernd.get("/machines").json["items"]}
    assert (listed[sample_ring.combine], listed[sample_ring.splitter]) == (expected, None)
    free = bernd.get(
        f"/machines/{sample_ring.combine}/free", **{"from": at(0).isoformat(), "until": at(12).isoformat()}
    )
    assert free.json["still_out"] == expected
    assert datetime.fromisoformat(free.json["items"][0]["starts_at"]) >= at(4.5)


def test_the_code_at_the_machine_takes_back_what_was_due_long_ago(log_in, sample_ring, clock, late):
    clock.instant = at(24 * 10)

    assert f"/usage/hand-back/{late}" in log_in(sample_ring.anna_login).get("/usage/at/combine").text
