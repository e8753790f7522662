"""The manager's queue: what it shows, one or several decisions, and who may decide."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.extensions import db
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Machine, Reservation
from booking.reservations import decisions, reservations
from tests.builders import SOMEBODY, deputy, hours, login, member, reserve
from tests.conftest import MONDAY


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def waiting(session, sample_ring):
    """Anna asks for the splitter on Tuesday, 9 to 12."""
    return reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 28), now=MONDAY).id


def status(session, reservation_id) -> str:
    session.rollback()
    session.expire_all()
    return session.get(Reservation, reservation_id).status


def approve(client, *reservation_ids, revision=0):
    chosen = [f"{reservation_id}:{revision}" for reservation_id in reservation_ids]
    return client.post("/approvals", data={"action": "approve", "chosen": chosen})


def test_the_queue_shows_member_machine_span_and_deadline(wanda, waiting):
    page = wanda.get("/approvals")

    assert page.status_code == 200
    for words in ("Splitter", "Anna", "Tue 24 November, 9:00 to 12:00", "by tomorrow, 9:00"):
        assert words in page.text
    assert "first reservation" in page.text
    assert "nothing within a day" in page.text


def test_history_induction_and_neighbours_are_shown_with_the_request(session, sample_ring, wanda, waiting):
    earlier = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY).id
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, earlier, by=SOMEBODY, now=MONDAY + timedelta(minutes=16))
        session.get_one(Machine, sample_ring.splitter).induction_kind_id = sample_ring.laser_induction

    page = wanda.get("/approvals")

    assert "1 late cancellation" in page.text
    assert "Laser: valid until" in page.text
    assert "Tue 24 November, 14:00 to 15:00, Bernd" in page.text


def test_an_empty_queue_shows_a_message(wanda):
    assert "No request is waiting for a decision" in wanda.get("/approvals").text


def test_approving_confirms(session, wanda, waiting):
    answer = wanda.post("/approvals", data={"one": f"approve:{waiting}:0"})

    assert answer.status_code == 303
    assert status(session, waiting) == "confirmed"
    assert "Approved: Splitter for Anna. The member gets an e-mail." in wanda.get(answer.location).text


def test_declining_needs_a_reason_and_shows_it(session, wanda, waiting):
    page = wanda.post("/approvals", data={"one": f"decline:{waiting}:0", f"reason_{waiting}": "  "})
    assert page.status_code == 422
    assert "Give a reason" in page.text
    assert status(session, waiting) == "requested"

    long = wanda.post("/approvals", data={"one": f"decline:{waiting}:0", f"reason_{waiting}": "x" * 501})
    assert long.status_code == 422

    done = wanda.post("/approvals", data={"one": f"decline:{waiting}:0", f"reason_{waiting}": "Blade blunt"})
    assert done.status_code == 303
    session.expire_all()
    assert session.get(Reservation, waiting).reason == "Blade blunt"


def test_several_are_approved_at_once(session, sample_ring, wanda, waiting):
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY).id

    assert approve(wanda, waiting, other).status_code == 303
    assert {status(session, waiting), status(session, other)} == {"confirmed"}


def test_one_failed_decision_undoes_no_other_and_each_result_is_shown(session, sample_ring, wanda, waiting):
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY).id
    with write_transaction(session):
        reservations.cancel(session, waiting, by=SOMEBODY, now=MONDAY)

    page = wanda.post("/approvals", data={"action": "approve", "chosen": [f"{waiting}:1", f"{other}:0", "999:0"]})

    assert page.status_code == 409
    assert "status of the reservation no longer allows" in page.text
    assert "approved" in page.text
    assert "not yours to decide" in page.text
    assert status(session, waiting) == "cancelled"
    assert status(session, other) == "confirmed"


def test_several_are_declined_with_one_reason(session, sample_ring, wanda, waiting):
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY).id
    chosen = {"action": "decline", "chosen": [f"{waiting}:0", f"{other}:0"]}

    kept = wanda.post("/approvals", data=chosen)
    assert kept.status_code == 422
    assert kept.text.count("checked") == 2

    assert wanda.post("/approvals", data={**chosen, "reason": "Closed"}).status_code == 303
    assert {status(session, waiting), status(session, other)} == {"rejected"}


def test_the_rules_are_checked_again_when_it_is_approved(session, sample_ring, wanda, waiting):
    with write_transaction(session):
        session.get_one(Machine, sample_ring.splitter).induction_kind_id = sample_ring.laser_induction
        session.query(Induction).delete()

    page = approve(wanda, waiting)

    assert page.status_code == 409
    assert "An induction is needed" in page.text
    assert status(session, waiting) == "requested"


def test_a_stale_page_decides_nothing(session, sample_ring, wanda, waiting):
    with write_transaction(session):
        moved_to = hours(MONDAY, 50, 51)
        reservations.move(session, waiting, moved_to, by=SOMEBODY, now=MONDAY)

    page = approve(wanda, waiting)

    assert page.status_code == 409
    assert "changed after you opened it" in page.text
    assert status(session, waiting) == "requested"


def test_a_request_past_its_deadline_is_gone_from_the_queue_and_cannot_be_approved(session, wanda, waiting, clock):
    clock.instant = MONDAY + timedelta(hours=26)

    assert "Anna" not in wanda.get("/approvals").text
    assert approve(wanda, waiting).status_code == 409
    assert status(session, waiting) == "requested"


def test_a_double_click_approves_once(session, wanda, waiting):
    assert approve(wanda, waiting).status_code == 303
    assert approve(wanda, waiting).status_code == 409
    assert status(session, waiting) == "confirmed"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"action": "approve"},
        {"action": "burn", "chosen": "1:0"},
        {"one": "approve:x:0"},
        {"one": "approve:1"},
        {"action": "approve", "chosen": ["x", "1:-1", "99999999999999999999:0"]},
    ],
)
def test_an_empty_or_unreadable_choice_matches_nothing(session, wanda, waiting, form):
    page = wanda.post("/approvals", data=form)

    assert page.status_code == 422
    assert "Choose at least one request." in page.text
    assert status(session, waiting) == "requested"


def test_members_and_treasurers_have_no_queue(log_in, sample_ring, waiting):
    for user_id in (sample_ring.anna_login, sample_ring.karl_login):
        assert log_in(user_id).get("/approvals").status_code == 403
        assert approve(log_in(user_id), waiting).status_code == 403


def test_the_manager_of_another_workshop_sees_and_decides_nothing(session, sample_ring, log_in, waiting):
    stranger = log_in(login(session, "Lars", now=MONDAY, manages=(sample_ring.lab,)))

    assert "Anna" not in stranger.get("/approvals").text
    assert stranger.post("/approvals", data={"one": f"approve:{waiting}:0"}).status_code == 404
    assert status(session, waiting) == "requested"


def test_a_deputy_decides_on_the_days_of_the_deputyship(session, sample_ring, log_in, waiting, clock):
    doris = deputy(session, sample_ring, "Doris", MONDAY.date(), MONDAY.date())

    assert "Anna" in log_in(doris).get("/approvals").text
    clock.instant = MONDAY + timedelta(days=1, minutes=-30)
    assert log_in(doris).get("/approvals").status_code == 403


def test_the_administrator_decides_everywhere(session, sample_ring, log_in, waiting):
    assert approve(log_in(sample_ring.rita_login), waiting).status_code == 303
    assert status(session, waiting) == "confirmed"


def test_a_longer_queue_needs_no_more_statements(session, sample_ring, wanda, waiting):
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if statement != "BEGIN":
            seen.append(statement)

    wanda.get("/approvals")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        wanda.get("/approvals")
        few = len(seen)
        for number in range(10):
            asking = member(session, f"Farm {number}")
            reserve(session, sample_ring.splitter, asking, hours(MONDAY, 30 + number, 30.5 + number), now=MONDAY)
        seen.clear()
        wanda.get("/approvals")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len(seen) == few


def undo_of(page) -> dict[str, str]:
    """Return the form of the button that takes a decision back."""
    return {"decided": re.search(r'name="decided" value="([^"]+)"', page.text)[1]}


def test_an_approval_is_taken_back_while_nothing_came_after_it(session, wanda, waiting):
    said = wanda.get(wanda.post("/approvals", data={"one": f"approve:{waiting}:0"}).location)
    undo = undo_of(said)

    assert "Taken back: the request waits again" in wanda.get(wanda.post("/approvals/undo", data=undo).location).text
    assert status(session, waiting) == "requested"
    assert "Anna" in wanda.get("/approvals").text
    assert "Not taken back: Splitter for Anna" in wanda.get(wanda.post("/approvals/undo", data=undo).location).text
    assert approve(wanda, waiting, revision=2).status_code == 303


def test_several_refusals_are_taken_back_where_their_times_are_still_free(session, sample_ring, wanda, waiting):
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY).id
    chosen = {"action": "decline", "chosen": [f"{waiting}:0", f"{other}:0"], "reason": "Closed"}
    undo = undo_of(wanda.get(wanda.post("/approvals", data=chosen).location))
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 31), now=MONDAY)

    said = wanda.get(wanda.post("/approvals/undo", data=undo).location).text

    assert "Not taken back: Splitter for Bernd" in said
    assert "Taken back: the request waits again" in said
    assert (status(session, waiting), status(session, other)) == ("requested", "rejected")


def test_only_the_login_that_decided_takes_it_back_and_only_for_ten_minutes(
    session, sample_ring, log_in, waiting, clock
):
    wanda, rita = log_in(sample_ring.wanda_login), log_in(sample_ring.rita_login)
    undo = undo_of(wanda.get(wanda.post("/approvals", data={"one": f"approve:{waiting}:0"}).location))

    for client, sent in ((rita, undo), (wanda, {"decided": undo["decided"] + "x"}), (wanda, {})):
        assert "too late to take this back" in client.get(client.post("/approvals/undo", data=sent).location).text
    clock.instant = MONDAY + timedelta(minutes=10)
    assert "too late to take this back" in wanda.get(wanda.post("/approvals/undo", data=undo).location).text
    assert status(session, waiting) == "confirmed"


def test_a_decided_move_has_no_way_back(session, sample_ring, wanda, waiting):
    approve(wanda, waiting)
    with write_transaction(session):
        reservations.move(session, waiting, hours(MONDAY, 50, 53), by=SOMEBODY, now=MONDAY)
    wanda.get("/approvals")
    assert 'name="decided"' not in wanda.get(approve(wanda, waiting, revision=2).location).text

    def refused(revision):
        with pytest.raises(WrongStatus), write_transaction(session):
            decisions.take_back(session, waiting, by=SOMEBODY, now=MONDAY, revision=revision)
        session.rollback()

    refused(3)
    with write_transaction(session):
        reservations.move(session, waiting, hours(MONDAY, 52, 55), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        decisions.reject(session, waiting, "Closed", by=SOMEBODY, now=MONDAY)
    refused(session.get_one(Reservation, waiting).revision)


def test_the_queue_is_narrowed_by_its_address_and_stays_so_after_a_decision(session, sample_ring, log_in, waiting):
    rita = log_in(sample_ring.rita_login)
    with write_transaction(session):
        session.get_one(Machine, sample_ring.combine).needs_approval = True
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 30, 31), now=MONDAY)

    page = rita.get("/approvals?machine=splitter")
    assert f"r{waiting}" in page.text
    assert "Bernd" not in page.text
    assert "No request like this" in rita.get("/approvals?workshop=nowhere").text
    assert rita.get("/approvals?choose=all").text.count(" checked") == 2
    done = rita.post("/approvals?machine=splitter", data={"one": f"approve:{waiting}:0"})
    assert done.location.endswith("/approvals?machine=splitter")


def test_each_request_shows_the_day_of_its_machine_with_the_wish_in_it(session, sample_ring, wanda, waiting):
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 30, 34), now=MONDAY)

    page = wanda.get("/approvals").text

    assert page.count("b-new") == 2
    assert page.count('class="b-p"') == 2
    assert "Bernd 14–18" in page


def test_markup_in_names_and_purposes_is_only_text(session, sample_ring, wanda):
    odd = member(session, "<img src=x>")
    reserve(session, sample_ring.splitter, odd, hours(MONDAY, 25, 28), now=MONDAY)

    assert "<img src=x>" not in wanda.get("/approvals").text


def test_what_was_decided_leaves_the_queue(session, wanda, waiting):
    with write_transaction(session):
        decisions.approve(session, waiting, by=SOMEBODY, now=MONDAY)

    assert "Anna" not in wanda.get("/approvals").text
