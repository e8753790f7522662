"""Giving and ending inductions: nothing chosen beforehand, a summary first, what hangs on it, and taking it back."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Member, Reservation, Status
from tests.builders import hours, induction_kind, machine, reserve
from tests.conftest import MONDAY
from tests.web.programs import program_of
from tests.web.workshop.test_course_pages import mails

NEW = "/workshop/inductions/new"


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def annas(session, sample_ring):
    return session.scalars(select(Induction.id).where(Induction.member_id == sample_ring.anna)).one()


@pytest.fixture
def reserved(session, sample_ring):
    """Anna's laser on Wednesday, 9 to 11."""
    return reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id


def stored(session, model, record_id):
    session.rollback()
    session.expire_all()
    return session.get(model, record_id)


def shown_in(page) -> str:
    """Return the signed field of the members whom searches showed."""
    return re.search(r'name="shown" value="([^"]+)"', page.text)[1]


def test_a_manager_learns_no_name_from_an_id_that_no_search_showed(wanda, log_in, session, sample_ring, annas, clock):
    typed = {"member_ids": [sample_ring.anna], "kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}
    rita = log_in(sample_ring.rita_login)
    foreign = shown_in(rita.post(NEW, data={"q": "anna", "find": "1"}))
    own = shown_in(wanda.post(NEW, data={"q": "anna", "find": "1"}))
    end = f"/workshop/inductions/{annas}/end"

    for sent in ({}, {"shown": foreign}, {"shown": own + "x"}, {"shown": "?"}):
        asked = wanda.post(NEW, data=typed | sent)
        assert asked.status_code == 200
        assert "M-Anna" in asked.text
        assert "Anna (" not in asked.text
        assert "End the induction of M-Anna?" in wanda.get(end, query_string=sent).text
    assert "Anna (M-Anna)" in wanda.post(NEW, data=typed | {"shown": own}).text
    assert "Anna (M-Anna)" in rita.post(NEW, data=typed).text
    assert "of Anna?" in wanda.get(end, query_string={"shown": own}).text
    assert re.search(r"/end\?shown=", wanda.get("/workshop/inductions?q=anna").text)

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY)
    assert "Anna (M-Anna)" in wanda.post(NEW, data=typed).text
    assert "of Anna?" in wanda.get(end).text


def test_members_are_found_chosen_and_named_before_anything_is_entered(wanda, session, sample_ring):
    blank = wanda.get(NEW).text
    assert "checked" not in blank
    assert '<option selected value="">Choose</option>' in blank
    typed = {"member_ids": [sample_ring.anna], "kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}

    searched = wanda.post(NEW, data=typed | {"q": "ber", "find": "1"})
    both = typed | {"member_ids": [sample_ring.anna, sample_ring.bernd]}
    again = wanda.post(NEW, data=both | {"q": "ann", "find": "1", "shown": shown_in(searched)})
    asked = wanda.post(NEW, data=both | {"shown": shown_in(again)})

    assert "Bernd (M-Bernd)" in searched.text
    assert re.search(rf'checked[^>]*value="{sample_ring.anna}"', searched.text)
    assert asked.status_code == 200
    assert "M-Anna, Bernd (M-Bernd)" in asked.text
    assert "Saturday 20 November 2027" in asked.text
    assert queries.inductions(session, member_id=sample_ring.bernd) == ()

    assert wanda.post(NEW, data=both | {"confirm": "1"}).status_code == 303
    assert queries.inductions(session, member_id=sample_ring.bernd)[0].valid_until.isoformat() == "2027-11-20"
    assert len(queries.inductions(session, member_id=sample_ring.anna)) == 2


def test_all_found_are_chosen_with_one_tick_and_named_with_their_number(wanda, session, sample_ring):
    with write_transaction(session):
        session.add_all(
            Member(number=f"H-{number}", name=f"Hof {number:03d}", price_class="member") for number in range(120)
        )
    typed = {"kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}
    searched = wanda.post(NEW, data={"q": "Hof", "find": "1"})
    assert "All 120 members found by “Hof”" in searched.text

    asked = wanda.post(NEW, data=typed | {"q": "other", "all_found": "Hof", "member_ids": [sample_ring.bernd]})
    assert "121" in asked.text
    assert "Hof 119 (H-119)" in asked.text
    ids = re.findall(r'name="member_ids" value="(\d+)"', asked.text)
    assert len(ids) == 121
    assert wanda.post(NEW, data=typed | {"member_ids": ids, "confirm": "1"}).status_code == 303
    assert (
        session.scalar(select(func.count()).select_from(Induction).where(Induction.member_id.in_(map(int, ids)))) == 121
    )

    with write_transaction(session):
        session.add_all(Member(number=f"G-{number}", name="Gut", price_class="member") for number in range(501))
    refused = wanda.post(NEW, data=typed | {"all_found": "Gut"})
    assert refused.status_code == 422
    assert "Choose at most 500 members at once." in refused.text


@pytest.mark.parametrize(("left_on", "is_offered"), [(date(2026, 11, 22), False), (date(2026, 11, 23), True)])
def test_who_leaves_later_can_still_be_inducted(wanda, session, sample_ring, left_on, is_offered):
    with write_transaction(session):
        session.get_one(Member, sample_ring.bernd).left_on = left_on

    found = wanda.post(NEW, data={"q": "bernd", "find": "1"}).text

    assert ("Bernd (M-Bernd)" in found) == is_offered


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"member_ids": []}, "Choose at least one member."),
        ({"member_ids": ["999"]}, "not a valid choice"),
        ({"kind_id": ""}, "Choose what the members were inducted for."),
        ({"given_on": ""}, "required"),
        ({"valid_until": "2026-11-01"}, "cannot be before"),  # before the summary, not only after it
        ({"valid_until": "2026-11-01", "confirm": "1"}, "cannot be before"),
        ({"given_on": "0026-11-20"}, "This is before Mon 1 January 1900."),
        ({"given_on": "9999-06-30", "confirm": "1"}, "This is after Tue 31 December 2199."),
        ({"valid_until": "9999-12-31"}, "or leave the day out if there is no end"),
    ],
)
def test_an_induction_that_makes_no_sense_is_refused(wanda, session, sample_ring, wrong, sentence):
    typed = {"member_ids": [sample_ring.bernd], "kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}

    page = wanda.post(NEW, data=typed | wrong)

    assert page.status_code == 422
    assert sentence in page.text
    assert queries.inductions(session, member_id=sample_ring.bernd) == ()


def test_ending_at_once_shows_and_lists_what_hangs_on_it_and_can_be_taken_back(
    wanda, log_in, session, sample_ring, annas, reserved
):
    other = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    asked = wanda.get(f"/workshop/inductions/{annas}/end").text
    everywhere = log_in(sample_ring.rita_login).get(f"/workshop/inductions/{annas}/end").text
    assert f"/reservations/{reserved}" in everywhere
    assert "that you do not manage" not in everywhere
    assert f"/reservations/{other}" not in everywhere
    assert "1 of them is at a workshop that you do not manage" in asked
    assert f"/reservations/{reserved}" not in asked
    assert "checked" not in asked

    assert wanda.post(f"/workshop/inductions/{annas}/end", data={}).status_code == 422
    assert wanda.post(f"/workshop/inductions/{annas}/end", data={"when": "now"}).status_code == 303

    assert stored(session, Induction, annas).ended_at == MONDAY
    assert stored(session, Reservation, reserved).outside_rules_since == MONDAY
    assert stored(session, Reservation, reserved).status == Status.CONFIRMED
    assert stored(session, Reservation, other).outside_rules_since is None
    assert wanda.post(f"/workshop/inductions/{annas}/end", data={"when": "now"}).status_code == 409

    wanda.post(f"/workshop/inductions/{annas}/resume")
    assert stored(session, Induction, annas).ended_at is None
    assert stored(session, Reservation, reserved).outside_rules_since is None


def test_another_induction_that_stays_is_named_and_an_end_is_not_offered_twice(wanda, session, sample_ring, annas):
    end = f"/workshop/inductions/{annas}/end"
    assert "Another induction" not in wanda.get(end).text
    typed = {"member_ids": [sample_ring.anna] * 2, "kind_id": sample_ring.laser_induction, "given_on": "2026-11-20"}
    wanda.post(NEW, data=typed | {"confirm": "1"})
    assert len(queries.inductions(session, member_id=sample_ring.anna)) == 2

    assert "Another induction for this, valid until Sat 20 November 2027, stays as it is" in wanda.get(end).text

    wanda.post(end, data={"when": "now"})
    again = wanda.post(end, data={"when": "now"})
    assert again.status_code == 409
    assert "The induction was ended already." in again.text
    assert 'name="when"' not in again.text
    assert 'name="when"' not in wanda.get(end).text
    wanda.post(f"/workshop/inductions/{annas}/resume")
    late = wanda.post(f"/workshop/inductions/{annas}/resume", follow_redirects=True)
    assert "somebody has taken that back already" in late.text


def test_after_the_end_at_once_nothing_more_is_reserved_or_approved(wanda, log_in, session, sample_ring, annas):
    wanda.post(f"/workshop/inductions/{annas}/end", data={"when": "now"})

    wish = {"machine": "laser", "date": "2026-11-23", "time": "10:00", "until": "length", "hours": "1", "minutes": "0"}
    page = log_in(sample_ring.anna_login).post("/reservations/new", data=wish | {"places": "1"})

    assert page.status_code == 422
    assert "An induction is needed" in page.text


def test_ending_on_a_day_marks_what_lies_behind_it_and_can_be_taken_back(wanda, session, annas, reserved):
    before = stored(session, Induction, annas).valid_until
    end = f"/workshop/inductions/{annas}/end"
    assert wanda.post(end, data={"when": "day"}).status_code == 422
    assert wanda.post(end, data={"when": "day", "last_day": str(before)}).status_code == 422  # it ends then anyway
    assert wanda.post(end, data={"when": "day", "last_day": "2020-01-01"}).status_code == 422

    assert wanda.post(end, data={"when": "day", "last_day": "2026-11-25"}).status_code == 303
    assert stored(session, Reservation, reserved).outside_rules_since is None  # the day is included
    assert wanda.post(end, data={"when": "day", "last_day": "2026-11-24"}).status_code == 303
    assert stored(session, Reservation, reserved).outside_rules_since == MONDAY

    wanda.post(f"/workshop/inductions/{annas}/resume")
    assert stored(session, Induction, annas).valid_until == before
    assert wanda.post(f"/workshop/inductions/{annas}/resume", follow_redirects=True).status_code == 200


def test_a_last_day_of_the_membership_lists_what_lies_behind_it(log_in, session, sample_ring, reserved):
    from booking.members.members import MemberInput
    from booking.rule_changes import condition_changes
    from tests.builders import SOMEBODY

    with write_transaction(session):
        record = MemberInput.of(session.get(Member, sample_ring.anna))
        left = MemberInput(**{name: getattr(record, name) for name in record.__slots__} | {"left_on": MONDAY.date()})
        condition_changes.change_member(session, sample_ring.anna, left, by=SOMEBODY, now=MONDAY)

    assert stored(session, Reservation, reserved).outside_rules_since == MONDAY
    assert f"/reservations/{reserved}" in log_in(sample_ring.rita_login).get("/workshop/outside").text


def test_the_list_finds_inductions_by_member_and_kind(wanda, sample_ring):
    assert "Anna" in wanda.get("/workshop/inductions?q=ann").text
    assert "No induction matches." in wanda.get("/workshop/inductions?q=zzz").text
    assert (
        "No induction matches." in wanda.get(f"/workshop/inductions?q=anna&kind={sample_ring.laser_induction + 1}").text
    )


def test_whoever_disables_a_login_sees_what_hangs_on_it(log_in, sample_ring, reserved):
    page = log_in(sample_ring.rita_login).get(f"/admin/logins/{sample_ring.anna_login}").text

    assert f"/reservations/{reserved}" in page
    assert "only if a manager overrules that" in page


def test_a_machine_is_retired_when_nothing_holds_it_and_its_page_names_what_does(
    session, sample_ring, log_in, reserved, clock
):
    rita = log_in(sample_ring.rita_login)
    page = rita.get("/machines/laser").text
    assert f"/reservations/{reserved}" in page
    assert "/machines/laser/retire" not in page

    clock.instant += timedelta(days=3)
    assert "/machines/laser/retire" in rita.get("/machines/laser").text


def test_an_induction_that_expires_soon_is_marked_and_extended_by_a_new_one(log_in, session, sample_ring, annas):
    rita = log_in(sample_ring.rita_login)
    assert "expires soon" not in rita.get("/workshop/inductions").text
    with write_transaction(session):
        session.get_one(Induction, annas).valid_until = MONDAY.date() + timedelta(days=60)

    page = rita.get("/workshop/inductions").text
    assert "expires soon" in page
    assert f"/workshop/inductions/new?extend={annas}" in page
    form = rita.get(f"{NEW}?extend={annas}").text
    assert re.search(rf'checked[^>]*value="{sample_ring.anna}"', form)
    assert re.search(rf'selected value="{sample_ring.laser_induction}"', form)
    assert rita.get(f"{NEW}?extend=999").status_code == 404


def test_the_list_is_filtered_by_a_machine_and_keeps_it_over_pages(wanda, log_in, session, sample_ring, annas):
    other = induction_kind(session, "Saw")
    machine(session, sample_ring.hall, "saw", induction_kind_id=other)
    rita = log_in(sample_ring.rita_login)

    assert "Anna" in rita.get("/workshop/inductions?machine=laser").text
    assert "No induction matches." in rita.get("/workshop/inductions?machine=saw").text
    assert "Anna" in rita.get("/workshop/inductions?machine=nonsense").text
    assert 'value="laser"' not in wanda.get("/workshop/inductions").text, "machines of others are not listed"


def test_my_account_has_my_inductions_with_their_end(log_in, session, sample_ring, annas):
    anna = log_in(sample_ring.anna_login)
    page = anna.get("/account").text
    assert "My inductions" in page
    assert 'href="/machines/laser"' in page
    assert "valid until" in page

    with write_transaction(session):
        session.get_one(Induction, annas).valid_until = MONDAY.date() + timedelta(days=9)
    assert "Ask for a new induction in good time." in anna.get("/account").text
    with write_transaction(session):
        session.get_one(Induction, annas).valid_until = MONDAY.date() - timedelta(days=9)
    assert "expired on" in anna.get("/account").text
    assert "My inductions" not in log_in(sample_ring.bernd_login).get("/account").text


def test_a_member_is_told_that_an_induction_was_shortened_ended_or_given_back(app, session, sample_ring, annas, clock):
    wanda = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    given_until = stored(session, Induction, annas).valid_until

    def told(verb, **content):
        assert wanda.post(f"/inductions/{annas}/{verb}", content or None).status_code == 200
        return mails(session, clock)["induction_changed", "anna@ring.example"]

    assert "Anna is inducted for this until Thu 24 December" in told("end", last_day="2026-12-24")
    assert "no longer be reserved or picked up" in told("end")
    again = told("resume")
    assert "Anna is inducted for this again, until" in again
    assert stored(session, Induction, annas).valid_until == given_until
    assert {address for template, address in mails(session, clock) if template == "induction_changed"} == {
        "anna@ring.example"
    }
    session.rollback()
    for verb in ("end", "resume"):  # both before the mail goes out: nothing has changed for the member
        wanda.post(f"/inductions/{annas}/{verb}")
    assert mails(session, clock)["induction_changed", "anna@ring.example"] == again
    ended = told("end")
    with write_transaction(session):
        stored(session, Induction, annas).valid_until = MONDAY.date() - timedelta(days=1)
    assert told("resume") == ended, "it is over all the same: nothing to tell"
