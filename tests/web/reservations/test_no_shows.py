"""What nobody fetched: a manager reports it and takes it back, from Today, the reservation's page and the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking.models import Reservation
from tests.builders import hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def absent(session, sample_ring):
    """Bernd has the combine from 1 to 3 hours after MONDAY, and does not come."""
    return reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 3), now=MONDAY).id


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def status(session, reservation_id):
    return session.get(Reservation, reservation_id, populate_existing=True).status


def test_today_lists_what_is_over_and_was_not_fetched_and_takes_a_report_back(session, wanda, clock, absent):
    assert "Over, not picked up" not in wanda.get("/today").text
    clock.instant = MONDAY + timedelta(hours=4)
    page = wanda.get("/today").text
    assert "Over, not picked up" in page
    assert f"/reservations/{absent}/no-show" in page

    reported = wanda.post(f"/reservations/{absent}/no-show", data={"back": "today"})
    assert (reported.status_code, reported.location) == (303, "/today")
    assert status(session, absent) == "no_show"
    assert f"/reservations/{absent}/no-show/undo" in wanda.get("/today").text

    wanda.post(f"/reservations/{absent}/no-show/undo", data={"back": "today"})
    assert status(session, absent) == "confirmed"
    assert "Over, not picked up" in wanda.get("/today").text


def test_the_page_of_a_reservation_offers_what_is_possible_and_nothing_that_is_refused(
    wanda, log_in, sample_ring, clock, absent
):
    address = f"/reservations/{absent}"
    bernd = log_in(sample_ring.bernd_login)
    before = wanda.get(address).text
    assert ("/no-show" in before, f"{address}/cancel" in before) == (False, True)

    clock.instant = MONDAY + timedelta(hours=2)
    assert f"{address}/no-show" in wanda.get(address).text
    assert "/no-show" not in bernd.get(address).text

    clock.instant = MONDAY + timedelta(hours=3)
    for reader in (wanda, bernd):
        over = reader.get(address).text
        assert f"{address}/cancel" not in over
        assert f"{address}/move" not in over
        assert "/usage/hand-out/" not in over
        assert "the machine was not handed out" in over
        for form in (f"{address}/cancel", f"{address}/move", f"/usage/hand-out/{absent}", f"/usage/hand-back/{absent}"):
            assert reader.get(form).location == address

    wanda.post(f"{address}/no-show")
    assert f"{address}/no-show/undo" in wanda.get(address).text


def test_a_report_that_is_too_early_or_cannot_be_taken_back_shows_the_reservation_as_it_is(
    session, wanda, sample_ring, clock, absent
):
    assert wanda.post(f"/reservations/{absent}/no-show").status_code == 409
    clock.instant = MONDAY + timedelta(hours=1.5)
    wanda.post(f"/reservations/{absent}/no-show")
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 3), now=clock.instant)

    answer = wanda.post(f"/reservations/{absent}/no-show/undo")
    assert answer.status_code == 409
    assert "already taken" in answer.text
    assert status(session, absent) == "no_show"


def test_a_program_reports_a_no_show_and_takes_it_back(speak_as, sample_ring, clock, absent):
    wanda = speak_as(sample_ring.wanda_login)
    clock.instant = MONDAY + timedelta(hours=4)

    reported = wanda.post(f"/reservations/{absent}/no-show")
    assert (reported.status_code, reported.json["status"]) == (200, "no_show")
    assert wanda.post(f"/reservations/{absent}/no-show").json["code"] == "wrong_status"
    assert wanda.post(f"/reservations/{absent}/no-show/undo").json["status"] == "confirmed"
    answer = wanda.post(f"/reservations/{absent}/hand-out", {})
    assert (answer.status_code, answer.json["detail"]) == (
        409,
        "This time is over, so this is no longer possible.",
    )
