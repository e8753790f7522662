"""Every condition of use is checked again at hand-out; a manager may overrule with a reason, which is logged."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.auth.models import User
from booking.closures import blockings
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Machine, Member, Reservation
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

IN_WORDS = {
    "induction": "The induction was valid until Sun 22 November",
    "member_left": "The membership ended on Sun 22 November",
    "login_ended": "login was ended after the reservation",
    "machine_retired": "It was retired after it was reserved",
    "machine_closed": "Closed until",
}


@pytest.fixture
def reserved(session, sample_ring):
    """Anna has the laser, which needs an induction, from MONDAY for two hours; the lab is managed by Rita alone."""
    return reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY).id


def end(session, sample_ring, condition):
    """What happened to the condition after the reservation was made."""
    yesterday = date(2026, 11, 22)
    with write_transaction(session):
        if condition == "induction":
            session.scalars(
                select(Induction).where(Induction.member_id == sample_ring.anna)
            ).one().valid_until = yesterday
        elif condition == "member_left":
            session.get(Member, sample_ring.anna).left_on = yesterday
        elif condition == "login_ended":
            session.get(User, sample_ring.anna_login).disabled_at = MONDAY
        elif condition == "machine_retired":
            session.get(Machine, sample_ring.laser).retired_at = MONDAY


def status(session, reservation_id):
    return session.get(Reservation, reservation_id, populate_existing=True).status


@pytest.mark.parametrize("condition", ["induction", "member_left", "login_ended", "machine_retired"])
def test_a_condition_that_has_ended_is_named_and_overruled_by_a_manager_with_a_reason(
    session, sample_ring, log_in, reserved, condition
):
    end(session, sample_ring, condition)
    rita, address = log_in(sample_ring.rita_login), f"/usage/hand-out/{reserved}"
    assert IN_WORDS[condition] in rita.get(address).text

    refused = rita.post(address, data={"note": "all fine"})
    assert refused.status_code == 422
    assert IN_WORDS[condition] in refused.text
    assert "all fine" in refused.text
    assert 'name="overrule_reason"' in refused.text
    assert status(session, reserved) == "confirmed"

    assert rita.post(address, data={"overrule_reason": "I showed it again"}).status_code == 303
    assert status(session, reserved) == "in_use"
    event = session.scalars(select(RecordedEvent).where(RecordedEvent.type == "rules_overruled")).one()
    assert (event.facts["rules"], event.facts["reason"]) == (condition, "I showed it again")
    assert "I showed it again" in rita.get("/admin/events").text


def test_a_member_cannot_overrule_and_is_offered_no_button(session, sample_ring, log_in, speak_as, reserved):
    end(session, sample_ring, "induction")
    anna = log_in(sample_ring.anna_login)
    page = anna.get(f"/usage/hand-out/{reserved}").text

    assert IN_WORDS["induction"] in page
    assert "Take it over" not in page
    assert 'name="overrule_reason"' not in page
    assert anna.post(f"/usage/hand-out/{reserved}", data={"overrule_reason": "I can"}).status_code == 422
    program = speak_as(sample_ring.anna_login)
    answer = program.post(f"/reservations/{reserved}/hand-out", {})
    assert (answer.status_code, answer.json["violations"][0]["rule"]) == (422, "induction")
    answer = program.post(f"/reservations/{reserved}/hand-out", {"overrule_reason": "I can"})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert status(session, reserved) == "confirmed"


def test_an_induction_that_was_ended_at_once_today_no_longer_counts(session, sample_ring, speak_as, reserved):
    with write_transaction(session):
        session.scalars(select(Induction).where(Induction.member_id == sample_ring.anna)).one().ended_at = MONDAY

    answer = speak_as(sample_ring.anna_login).post(f"/reservations/{reserved}/hand-out", {})
    assert (answer.status_code, answer.json["violations"][0]["rule"]) == (422, "induction")


def test_a_manager_overrules_by_a_program(session, sample_ring, speak_as, reserved):
    end(session, sample_ring, "member_left")
    rita = speak_as(sample_ring.rita_login)
    path = f"/reservations/{reserved}/hand-out"

    assert rita.post(path, {}).json["violations"][0]["rule"] == "member_left"
    assert rita.post(path, {"overrule_reason": "brings it to the next owner"}).json["status"] == "in_use"


def test_a_closed_machine_is_not_handed_out_unless_a_manager_kept_the_reservation(session, sample_ring, log_in):
    kept = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY).id
    with write_transaction(session):
        span = hours(MONDAY, 0, 5)
        blockings.close(session, sample_ring.combine, span, "belt", by=SOMEBODY, now=MONDAY, around_reservations=True)
    wanda = log_in(sample_ring.wanda_login)

    assert wanda.post(f"/usage/hand-out/{kept}", data={}).status_code == 422
    assert IN_WORDS["machine_closed"] in wanda.get(f"/usage/hand-out/{kept}").text
    with write_transaction(session):
        session.get(Reservation, kept).accepted_at = MONDAY + timedelta(minutes=1)
    assert IN_WORDS["machine_closed"] not in wanda.get(f"/usage/hand-out/{kept}").text


def test_what_cannot_be_is_not_overruled(session, sample_ring, log_in, clock):
    first = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 2), now=MONDAY).id
    second = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY).id
    wanda, anna = log_in(sample_ring.wanda_login), log_in(sample_ring.anna_login)
    wanda.post(f"/usage/hand-out/{first}")
    clock.instant = MONDAY + timedelta(hours=2)

    assert wanda.post(f"/usage/hand-out/{second}", data={"overrule_reason": "go"}).status_code == 422
    for reader, sees_whose in ((wanda, True), (anna, False)):
        page = reader.get(f"/usage/hand-out/{second}").text
        assert "Still out, reserved until Mon 23 November, 10:00" in page
        assert ("Bernd" in page, f"/usage/hand-back/{first}" in page) == (sees_whose, sees_whose)
        assert "Take it over" not in page


def test_the_page_names_who_has_the_time_before_the_start_only_as_taken(session, sample_ring, log_in, clock):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 2), now=MONDAY)
    second = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY).id
    clock.instant = MONDAY + timedelta(hours=1.5)
    anna = log_in(sample_ring.anna_login)

    page = anna.get(f"/usage/hand-out/{second}").text
    assert "Until Mon 23 November, 10:00 it is reserved for somebody else or closed." in page
    assert "Take it over" not in page
    assert anna.post(f"/usage/hand-out/{second}", data={}).status_code == 422


def test_a_form_that_would_only_be_refused_leads_to_the_reservation(session, sample_ring, log_in, clock):
    mine = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY).id
    anna = log_in(sample_ring.anna_login)
    assert anna.get(f"/usage/hand-back/{mine}").location == f"/reservations/{mine}"
    clock.instant = MONDAY + timedelta(hours=2)

    led = anna.get(f"/usage/hand-out/{mine}", follow_redirects=True)
    assert "This time is over, so this is no longer possible." in led.text
