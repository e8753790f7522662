"""What was typed for something that was decided meanwhile: said plainly, and not lost."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from booking.reservations import reservations
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

TOO_LATE = "What you see below is not stored"


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def mine(session, sample_ring):
    """Anna's reservation of the combine, an hour from now."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY).id


@pytest.fixture
def fetched(anna, mine):
    """The same, handed out."""
    assert anna.post(f"/usage/hand-out/{mine}", data={"note": "Clean"}).status_code == 303
    return mine


@pytest.fixture
def slip(anna, fetched):
    """Where the slip of it is, handed back."""
    return anna.post(f"/usage/hand-back/{fetched}", data={"amount": "18", "note": "Tank full"}).location


def moved(session, reservation_id, span):
    with write_transaction(session):
        reservations.move(session, reservation_id, span, by=SOMEBODY, now=MONDAY)


def stored(session, reservation_id):
    session.rollback()
    return session.get_one(Reservation, reservation_id)


def test_a_stale_cancellation_keeps_its_reason_and_can_be_sent_again(session, anna, mine):
    address = f"/reservations/{mine}/cancel"
    sent = {**form_with(anna.get(address).text, "reason"), "reason": "The rain"}
    moved(session, mine, hours(MONDAY, 5, 7))

    stale = anna.post(address, data=sent)

    assert stale.status_code == 409
    assert "changed after you opened it" in stale.text
    assert "13:00" in stale.text, "the new time stands on the page"
    again = form_with(stale.text, "reason")
    assert again["reason"] == "The rain"
    assert stored(session, mine).status == "confirmed"
    assert anna.post(address, data=again).status_code == 303
    assert stored(session, mine).reason == "The rain"


def test_a_stale_move_can_be_sent_again(session, anna, mine):
    address = f"/reservations/{mine}/move"
    sent = {**form_with(anna.get(address).text, "hours"), "hours": "3"}
    moved(session, mine, hours(MONDAY, 5, 7))

    stale = anna.post(address, data=sent)

    assert stale.status_code == 409
    assert anna.post(address, data=form_with(stale.text, "hours")).status_code == 303
    assert stored(session, mine).ends_at - stored(session, mine).starts_at == timedelta(hours=3)


def test_a_decision_on_a_request_that_moved_keeps_its_reason(session, sample_ring, wanda):
    waiting = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 31), now=MONDAY).id
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 40, 41), now=MONDAY).id
    sent = {"action": "decline", "chosen": [f"{waiting}:0", f"{other}:0"], "reason": "The belt is torn"}
    moved(session, waiting, hours(MONDAY, 50, 51))

    page = wanda.post("/approvals", data=sent)

    assert page.status_code == 409
    assert "changed after you opened it" in page.text
    again = form_with(page.text, f"reason_{waiting}")
    assert again[f"reason_{waiting}"] == "The belt is torn"
    assert (stored(session, waiting).status, stored(session, other).status) == ("requested", "rejected")
    answer = wanda.post("/approvals", data={**again, "one": f"decline:{waiting}:1"})
    assert answer.status_code == 303
    assert stored(session, waiting).reason == "The belt is torn"


@pytest.mark.parametrize("verb", ["hand-out", "hand-back"])
def test_a_second_window_at_the_machine_loses_no_note(anna, fetched, slip, verb):
    typed = {"note": "The belt squeaks", "amount": "18"}

    page = anna.post(f"/usage/{verb}/{fetched}", data=typed)

    assert page.status_code == 409
    assert TOO_LATE in page.text
    assert "The belt squeaks" in page.text
    assert f'href="{slip}"' in page.text
    assert "The belt squeaks" not in anna.get(slip).text


def test_a_second_click_on_hand_out_or_hand_back_changes_nothing(anna, fetched):
    back = {"amount": "18", "note": "Tank full"}
    for address, sent in ((f"/usage/hand-out/{fetched}", {"note": "Clean"}), (f"/usage/hand-back/{fetched}", back)):
        anna.post(address, data=sent)
        again = anna.post(address, data=sent)
        assert again.status_code == 303
        assert "a second click changes nothing" in anna.get(again.location).text


def test_a_hand_out_of_a_cancelled_reservation_is_409_and_keeps_the_note(session, anna, wanda, mine):
    wanda.post(f"/reservations/{mine}/cancel", data={"revision": "0"})

    page = anna.post(f"/usage/hand-out/{mine}", data={"note": "Scratch on the door"})

    assert page.status_code == 409
    assert "status of the reservation no longer allows" in page.text
    assert "Scratch on the door" in page.text


def test_a_second_objection_is_not_lost(anna, slip):
    anna.post(f"{slip}/objection", data={"objection": "It was 17 ha"})

    page = anna.post(f"{slip}/objection", data={"objection": "It was 16 ha, I measured"})

    assert page.status_code == 409
    assert TOO_LATE in page.text
    assert "It was 16 ha, I measured" in page.text
    assert "It was 16 ha" not in anna.get(slip).text


def test_an_objection_past_its_day_is_not_lost(anna, slip, clock):
    clock.instant += timedelta(days=20)

    page = anna.post(f"{slip}/objection", data={"objection": "It was 17 ha"})

    assert page.status_code == 422
    assert "It was 17 ha" in page.text


def test_an_answer_after_another_managers_is_not_lost(anna, wanda, slip):
    anna.post(f"{slip}/objection", data={"objection": "It was 17 ha"})
    wanda.post(f"{slip}/answer", data={"answer": "Right", "amount": "17"})

    page = wanda.post(f"{slip}/answer", data={"answer": "No, the meter says 18", "amount": "18"})

    assert page.status_code == 409
    assert TOO_LATE in html.unescape(page.text)
    assert "No, the meter says 18" in page.text
    assert "17.00 ha" in wanda.get(slip).text
