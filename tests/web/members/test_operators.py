"""An induction names a person; who hands out a machine says who runs it, and that person needs the induction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.auth.models import User
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Machine, Reservation
from booking.rule_changes import condition_changes, induction_kinds
from booking.rule_changes.induction_kinds import KindInput
from booking.rules.persons import Person
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import program_of
from tests.web.workshop.test_inductions import NEW


@pytest.fixture
def reserved(session, sample_ring):
    """Anna has the laser from MONDAY for two hours."""
    return reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY).id


@pytest.fixture
def only(session, sample_ring):
    """Replace the induction of Anna's member by those of persons."""

    def induct(*persons):
        with write_transaction(session):
            session.execute(update(Induction).values(ended_at=MONDAY))
            for person in persons:
                condition_changes.give_induction(
                    session,
                    sample_ring.anna,
                    sample_ring.laser_induction,
                    given_on=MONDAY.date() - timedelta(days=3),
                    person=person,
                    by=SOMEBODY,
                    now=MONDAY,
                )

    return induct


def slip(session, reservation_id):
    session.expire_all()
    return queries.slip_of_reservation(session, reservation_id)


def test_an_induction_of_a_person_is_entered_listed_and_extended(session, sample_ring, log_in):
    rita = log_in(sample_ring.rita_login)
    typed = {"member_ids": [sample_ring.bernd], "kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}

    both = typed | {"member_ids": [sample_ring.anna, sample_ring.bernd], "person": "Max"}
    assert "A name is for one member alone" in rita.post(NEW, data=both).text
    asked = rita.post(NEW, data=typed | {"person": " bernd "})
    assert '<input type="hidden" name="person" value=" bernd ">' in asked.text
    for _click in range(2):
        assert rita.post(NEW, data=typed | {"person": " bernd ", "confirm": "1"}).status_code == 303

    stored = session.query(Induction).filter_by(member_id=sample_ring.bernd).one()
    assert (stored.person_name, stored.person_user_id) == ("Bernd", sample_ring.bernd_login)
    assert rita.post(NEW, data=typed | {"person": "Max Maier", "confirm": "1"}).status_code == 303
    page = rita.get("/workshop/inductions?q=bernd").text
    assert "Max Maier" in page
    later = queries.inductions(session, member_id=sample_ring.bernd)[1].id
    assert 'value="Max Maier"' in rita.get(f"{NEW}?extend={later}").text
    assert "(Max Maier)" in log_in(sample_ring.bernd_login).get("/account").text
    refused = rita.post(NEW, data=typed | {"person": "x" * 121, "confirm": "1"})
    assert refused.status_code == 422


def test_the_login_that_is_inducted_is_filled_in_and_somebody_else_is_refused(
    session, sample_ring, log_in, only, reserved
):
    only(Person("Anna", sample_ring.anna_login), Person("Max Maier"))
    anna, address = log_in(sample_ring.anna_login), f"/usage/hand-out/{reserved}"

    page = anna.get(address).text
    assert 'name="operator" type="text" value="Anna"' in page.replace('list="persons" ', "")
    assert "Inducted: Anna, Max Maier." in page
    refused = anna.post(address, data={"operator": "Eva", "note": "all fine"})
    assert refused.status_code == 422
    assert "Eva has no valid induction for this machine on Mon 23 November." in refused.text
    assert "all fine" in refused.text
    assert 'name="overrule_reason"' not in refused.text
    assert 'value="Eva"' in refused.text

    assert anna.post(address, data={"operator": "max  MAIER"}).status_code == 303
    assert slip(session, reserved).operator_name == "max MAIER"
    again = anna.post(address, data={"operator": "Max Maier"}, follow_redirects=True)
    assert "a second click changes nothing" in again.text
    assert "What you see below is not stored." in anna.post(address, data={"operator": "Anna"}).text
    assert "max MAIER" in anna.get(f"/usage/{slip(session, reserved).id}").text


def test_a_manager_names_one_of_several_or_overrules_with_a_reason(session, sample_ring, log_in, only, reserved):
    only(Person("Eva"), Person("Max Maier"))
    rita, address = log_in(sample_ring.rita_login), f"/usage/hand-out/{reserved}"

    missing = rita.post(address, data={})
    assert missing.status_code == 422
    assert "Several persons may run it: Eva, Max Maier. Enter which of them does." in missing.text
    refused = rita.post(address, data={"operator": "Otto"})
    assert 'name="overrule_reason"' in refused.text
    assert rita.post(address, data={"operator": "Otto", "overrule_reason": "I stand beside"}).status_code == 303
    assert slip(session, reserved).operator_name == "Otto"


def test_a_program_names_who_runs_it_or_gets_the_only_one(app, session, sample_ring, only, reserved):
    only(Person("Eva"))
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    path = f"/reservations/{reserved}/hand-out"

    refused = program.post(path, {"operator": "Otto"})
    assert (refused.status_code, refused.json["violations"][0]["rule"]) == (422, "operator")
    assert program.post(path, {"operator": "x" * 200}).status_code == 422
    assert program.post(path, {}).status_code == 200
    (shown,) = program.get("/usage").json["items"]
    assert shown["operator"] == "Eva"


def test_who_renamed_the_login_may_still_run_the_machine(app, session, sample_ring, only, reserved):
    only(Person("Anna", sample_ring.anna_login), Person("Eva"))
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).name = "Anna Huber"
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)

    assert program.post(f"/reservations/{reserved}/hand-out", {}).status_code == 200
    assert slip(session, reserved).operator_name == "Anna Huber"


def test_a_member_reserves_while_any_of_its_persons_is_inducted(session, sample_ring, only):
    only(Person("Eva"))
    assert reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    assert session.get(Reservation, 1).status == "confirmed"


def test_more_persons_need_no_more_statements(session, sample_ring, log_in, only, reserved, statements):
    anna, address = log_in(sample_ring.anna_login), f"/usage/hand-out/{reserved}"

    def made():
        with statements() as sent:
            assert anna.get(address).status_code == 200
            assert anna.post(address, data={"operator": "Somebody"}).status_code == 422
        return len(sent)

    only(Person("Eva"))
    made()
    only(Person("Eva"), Person("Max Maier"))
    few = made()
    only(*(Person(f"Person {number}") for number in range(12)))
    assert made() == few


def test_who_is_inducted_under_a_former_name_of_the_login_is_one_person(session, sample_ring, only, reserved, log_in):
    only(Person("Anna", sample_ring.anna_login), Person("Anna Huber", sample_ring.anna_login))

    assert log_in(sample_ring.rita_login).post(f"/usage/hand-out/{reserved}", data={}).status_code == 303


def test_who_takes_over_for_the_days_of_another_person_is_named_too(session, sample_ring, log_in, only, reserved):
    only(Person("Eva"), Person("Max Maier"))
    with write_transaction(session):
        until = MONDAY + timedelta(days=1)
        session.execute(update(Reservation).values(ends_at=until, occupied_until=until + timedelta(hours=1)))
        session.execute(update(Induction).where(Induction.person_name == "Eva").values(valid_until=MONDAY.date()))
        tomorrow = MONDAY.date() + timedelta(days=1)
        session.execute(update(Induction).where(Induction.person_name == "Max Maier").values(given_on=tomorrow))
    rita, address = log_in(sample_ring.rita_login), f"/usage/hand-out/{reserved}"

    assert "Inducted: Eva." in rita.get(address).text
    assert "Max Maier has no valid induction" in rita.post(address, data={"operator": "Max Maier"}).text
    assert rita.post(address, data={}).status_code == 303
    assert slip(session, reserved).operator_name == "Eva"


def test_what_one_person_has_is_not_taken_for_what_another_lacks(session, sample_ring, log_in, only):
    only(Person("Eva"))
    with write_transaction(session):
        data = KindInput("Welding", 12, frozenset({sample_ring.laser_induction}))
        welding = induction_kinds.enter_kind(session, data, by=SOMEBODY, now=MONDAY)
    typed = {"member_ids": [sample_ring.anna], "kind_id": welding, "given_on": "2026-11-20"}
    rita, missing = log_in(sample_ring.rita_login), "This induction builds on others, which are missing here."

    assert missing not in rita.post(NEW, data=typed | {"person": "Eva"}).text
    assert missing in rita.post(NEW, data=typed | {"person": "Max Maier"}).text
    assert rita.post(NEW, data=typed | {"person": "Max Maier", "confirm": "1"}).status_code == 303

    anna = log_in(sample_ring.anna_login)
    account = anna.get("/account").text
    assert account.count("on which it builds, is not valid") == 1
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.laser).values(induction_kind_id=welding))
    assert (
        "Nobody of this member has all inductions for this machine on Mon 23 November"
        in anna.get("/machines/laser").text
    )
    assert "no person has all inductions for it" in anna.get("/plan?view=day&day=2026-11-24").text
