"""A machine that needs two persons: the request names the second one, and hand-out checks both."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from booking import queries
from booking.errors.schedule_errors import RequestRefused, SeriesConflicts, UsageRefused
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Machine, Member, Offer, Reservation, UsageRecord
from booking.records.catalogue import lending_terms
from booking.records.overruling import Overruling
from booking.reservations import decisions, reservations
from booking.reservations.reservations import request_reservation
from booking.reservations.second_person_changes import change_second_person
from booking.reservations.wishes import Wish
from booking.rule_changes import condition_changes, season_preview
from booking.rules.persons import Person
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from booking.times.wall_clock import to_wall
from booking.use import usage
from booking.use.usage import Measurement
from booking.waiting import answers, entries
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with
from tests.web.programs import program_of, times, wish
from tests.web.reservations.test_new_reservation import wish as form_of

EVA, MAX = Person("Eva"), Person("Max")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def saw(session, sample_ring):
    """The laser needs two persons; of Anna's member Eva and Max are inducted."""
    with write_transaction(session):
        session.execute(update(Induction).values(ended_at=MONDAY))
        session.execute(update(Machine).where(Machine.id == sample_ring.laser).values(needs_second_person=True))
    for person in (EVA, MAX):
        induct(session, sample_ring, person)
    return sample_ring.laser


def induct(session, sample_ring, person, member_id=None):
    with write_transaction(session):
        given_on = MONDAY.date() - timedelta(days=3)
        ids = member_id or sample_ring.anna, sample_ring.laser_induction
        condition_changes.give_induction(session, *ids, given_on=given_on, person=person, by=SOMEBODY, now=MONDAY)


def end_induction(session, person):
    with write_transaction(session):
        session.execute(update(Induction).where(Induction.person_name == person.name).values(ended_at=MONDAY))


def ask(session, machine_id, member_id, second, start=1.0, end=3.0, **more):
    with write_transaction(session):
        asked = Wish(machine_id, member_id, hours(MONDAY, start, end), second=second)
        return request_reservation(session, asked, by=SOMEBODY, now=MONDAY, **more).id


def hand_out(session, reservation_id, **more):
    now = MONDAY + timedelta(hours=1)
    with write_transaction(session):
        return usage.hand_out(session, reservation_id, Measurement(), by=SOMEBODY, now=now, **more).id


def rules_of(refusal):
    return [violation.rule for violation in refusal.value.violations]


def test_a_request_names_a_second_inducted_person_who_is_free(session, sample_ring, saw):
    anna = sample_ring.anna
    for second, rule in ((Person(), "second_person_missing"), (Person("Otto"), "second_person_not_inducted")):
        with pytest.raises(RequestRefused) as refused:
            ask(session, saw, anna, second)
        assert rules_of(refused) == [rule]
    kept = session.get(Reservation, ask(session, saw, anna, Person("max", 7)))
    assert (kept.second_person, kept.second_user_id) == ("max", 7)

    with write_transaction(session):
        session.get(Machine, sample_ring.combine).needs_second_person = True
    with pytest.raises(RequestRefused) as refused:
        ask(session, sample_ring.combine, anna, MAX, 2, 4)
    assert rules_of(refused) == ["second_person_busy"]
    assert ask(session, sample_ring.combine, anna, MAX, 3, 4)
    end_induction(session, EVA)
    with pytest.raises(RequestRefused) as refused:
        ask(session, saw, anna, MAX, 49, 51)
    assert rules_of(refused) == ["second_person_alone"]


def test_who_lost_the_induction_before_the_approval_is_named_and_replaced(session, sample_ring, saw):
    with write_transaction(session):
        session.get(Machine, saw).needs_approval = True
    asked = ask(session, saw, sample_ring.anna, MAX)
    induct(session, sample_ring, Person("Otto"))
    end_induction(session, MAX)

    with pytest.raises(RequestRefused) as refused, write_transaction(session):
        decisions.approve(session, asked, by=SOMEBODY, now=MONDAY)
    (violation,) = refused.value.violations
    assert (violation.rule, violation.field, violation.limit) == ("second_person_not_inducted", "second_person", "Max")
    with pytest.raises(RequestRefused), write_transaction(session):
        change_second_person(session, asked, Person("Nobody"), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        change_second_person(session, asked, Person("Otto"), by=SOMEBODY, now=MONDAY)
        assert decisions.approve(session, asked, by=SOMEBODY, now=MONDAY).status == "confirmed"


def test_hand_out_checks_both_and_the_slip_keeps_them(session, sample_ring, saw):
    reserved = ask(session, saw, sample_ring.anna, MAX)
    for named, rules in (
        ({"operator": MAX}, ["second_person_same"]),
        ({"operator": EVA, "second": Person("Otto")}, ["second_person_not_inducted"]),
        ({"operator": Person("Otto")}, ["operator"]),
        ({"operator": EVA, "second": Person("x" * 121)}, ["at_most"]),
        ({"operator": EVA, "second": Person("x" * 120)}, ["second_person_not_inducted"]),
    ):
        with pytest.raises(UsageRefused) as refused:
            hand_out(session, reserved, **named)
        assert rules_of(refused) == rules
    overruled = hand_out(session, reserved, operator=EVA, second=Person("Otto"), overruling=Overruling("I am there"))
    slip = session.get(UsageRecord, overruled)
    assert (slip.operator_name, slip.second_person) == ("Eva", "Otto")
    assert session.get(Reservation, reserved).second_person == "Otto"


def test_without_names_two_persons_cannot_be_told_apart(session, sample_ring, saw):
    with write_transaction(session):
        session.execute(update(Induction).values(person_name=""))
    reserved = ask(session, saw, sample_ring.anna, Person("Max"))

    with pytest.raises(UsageRefused) as refused:
        hand_out(session, reserved)
    assert [(one.rule, one.field) for one in refused.value.violations] == [("missing", "operator")]
    assert hand_out(session, reserved, operator=Person("Anna"))


def test_the_preview_counts_what_had_no_second_person(session, sample_ring, saw):
    policy = lending_terms(session, saw).policy
    ask(session, saw, sample_ring.anna, MAX)
    ask(session, saw, sample_ring.anna, None, 25, 27)
    before = {saw: season_preview.replace(policy, needs_second_person=False)}

    found = season_preview.of_policies(session, before, {saw: policy}, now=MONDAY)
    assert (found.asked, found.refused) == (2, 1)
    assert [one.rule for one in found.examples[0][1]] == ["second_person_missing"]


def test_form_page_and_hand_out_ask_for_the_second_person(session, sample_ring, log_in, saw):
    anna, machine = log_in(sample_ring.anna_login), session.get(Machine, saw)
    assert "a second inducted person must be there all the time" in anna.get(f"/machines/{machine.slug}").text
    sent = form_of(machine=machine.slug, date="2026-11-23", time="09:00", purpose="Kept")
    page = anna.get(f"/reservations/new?machine={machine.slug}").text
    assert 'name="second_person"' in page

    for name, sentence in (
        ("", "Enter who is there as well."),
        ("Otto", "Otto has no valid induction for this on Mon 23 November"),
        ("x" * 121, "120"),
    ):
        refused = anna.post("/reservations/new", data=sent | {"second_person": name})
        assert refused.status_code == 422
        assert sentence in refused.text
        assert "Kept" in refused.text
    assert session.scalars(select(Reservation)).all() == []
    made = anna.post("/reservations/new", data=sent | {"second_person": " max "})
    assert made.status_code == 303
    assert "max" in anna.get(made.location).text

    reserved = session.scalars(select(Reservation.id)).one()
    moved = sent | {"revision": "0", "second_person": "Otto", "may_move_min": "0"}
    assert "Otto has no valid induction" in anna.post(f"/reservations/{reserved}/move", data=moved).text
    moved |= {"second_person": "Eva"}
    assert anna.post(f"/reservations/{reserved}/move", data=moved).status_code == 303
    session.expire_all()
    assert session.get(Reservation, reserved).second_person == "Eva"
    assert 'value="Eva"' in anna.get(f"/usage/hand-out/{reserved}").text
    same = anna.post(f"/usage/hand-out/{reserved}", data={"operator": "Eva", "second_person": "eva"})
    assert same.status_code == 422


def test_a_program_names_the_second_person(app, session, sample_ring, saw):
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    refused = program.post("/reservations", wish(saw))
    assert (refused.status_code, refused.json["violations"][0]["rule"]) == (422, "second_person_missing")
    assert program.post("/reservations", wish(saw, second_person="x" * 121)).status_code == 422
    made = program.post("/reservations", wish(saw, second_person="Max")).json
    assert made["second_person"] == "Max"

    path = f"/reservations/{made['id']}"
    assert program.patch(path, {"second_person": "Eva"}).json["second_person"] == "Eva"
    assert program.patch(path, {"second_person": "Otto"}).status_code == 422
    assert program.patch(path, times(1, 4)).json["second_person"] == "Eva"
    assert program.post(f"{path}/hand-out", {"operator": "Eva"}).status_code == 422
    assert queries.reservation(session, made["id"]).status == "confirmed"


def test_changing_a_series_asks_who_is_there_at_the_new_time(session, sample_ring, saw):
    """The preview says what the change would refuse; the dates themselves are in nobody's way."""
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).needs_second_person = True
    first = to_wall(MONDAY + timedelta(days=1, hours=1), BERLIN)
    rule = parse("FREQ=DAILY;COUNT=3", first, BERLIN)
    daily = SeriesWish(saw, sample_ring.anna, rule, first, timedelta(hours=2), second=MAX)
    with write_transaction(session):
        made = series.create(session, daily, on_conflict=OnConflict.REFUSE, by=SOMEBODY, now=MONDAY)
    ask(session, sample_ring.combine, sample_ring.anna, MAX, 24 + 4, 24 + 6)  # Tuesday, noon to two

    def refused(change):
        planned = carry_out.preview(session, made.id, change, now=MONDAY)
        return [[one.rule for one in date.violations] for date in planned.dates]

    an_hour_later = SeriesChange(Scope.ALL, starts_at=time(10))
    at_noon = SeriesChange(Scope.ALL, starts_at=time(12))
    assert refused(an_hour_later) == [[], [], []]
    assert refused(at_noon) == [["second_person_busy"], [], []]
    with pytest.raises(SeriesConflicts), write_transaction(session):
        carry_out.change_series(session, made.id, at_noon, on_conflict=OnConflict.REFUSE, by=SOMEBODY, now=MONDAY)
    end_induction(session, MAX)
    assert refused(an_hour_later) == [["second_person_not_inducted"]] * 3


def test_who_takes_a_reservation_over_names_the_second_person(app, session, sample_ring, saw, log_in):
    """By page and by API, of a swap also who offers it; nobody of the former member comes with it."""
    for person in (Person("Ida"), Person("Jan")):
        induct(session, sample_ring, person, member_id=sample_ring.bernd)
    given = ask(session, saw, sample_ring.anna, MAX)
    anna, bernd = (
        program_of(app, session, one, now=MONDAY) for one in (sample_ring.anna_login, sample_ring.bernd_login)
    )
    number = session.scalars(select(Member.number).where(Member.id == sample_ring.bernd)).one()
    offered = anna.post("/exchanges", {"reservation_id": given, "member_number": number}).json["id"]

    page = log_in(sample_ring.bernd_login).get(f"/exchanges/{offered}").text
    assert 'name="second_person"' in page
    for name, rule in (("", "second_person_missing"), ("Max", "second_person_not_inducted")):
        refused = bernd.post(f"/exchanges/{offered}/accept", {"second_person": name})
        assert (refused.status_code, refused.json["violations"][0]["rule"]) == (422, rule)
    form = form_with(page, "second_person") | {"second_person": "Ida"}
    taken = log_in(sample_ring.bernd_login).post(f"/exchanges/{offered}/accept", data=form)
    assert taken.status_code == 303
    session.rollback()
    made = session.get(Reservation, int(taken.location.rpartition("/")[2]))
    assert (made.member_id, made.second_person) == (sample_ring.bernd, "Ida")

    other = ask(session, saw, sample_ring.anna, MAX, 24, 26)
    swap = {"reservation_id": other, "wanted_reservation_id": made.id}
    assert anna.post("/exchanges", swap).json["violations"][0]["rule"] == "second_person_missing"
    swapped = anna.post("/exchanges", swap | {"second_person": "Eva"}).json["id"]
    end = bernd.post(f"/exchanges/{swapped}/accept", {"second_person": "Jan"})
    assert end.status_code == 200
    ids = end.json["receivers_reservation_id"], end.json["proposers_reservation_id"]
    session.rollback()
    assert [session.get(Reservation, one).second_person for one in ids] == ["Jan", "Eva"]


def test_who_accepts_an_offer_names_the_second_person(app, session, sample_ring, saw, log_in):
    """By page and by API; what is accepted without asking leaves the name to hand-out."""
    given = ask(session, saw, sample_ring.anna, MAX)
    for person in (Person("Ida"), Person("Jan")):
        induct(session, sample_ring, person, member_id=sample_ring.bernd)
    with write_transaction(session):
        waits = WaitingWish(sample_ring.bernd, saw, None, hours(MONDAY, 1, 3))
        entries.join(session, waits, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, given, by=SOMEBODY, now=MONDAY)
    offer = session.scalars(select(Offer.id)).one()
    bernd = log_in(sample_ring.bernd_login)
    page = bernd.get(f"/offers/{offer}").text
    assert 'name="second_person"' in page

    program = program_of(app, session, sample_ring.bernd_login, now=MONDAY)
    for name, rule in (("", "second_person_missing"), ("Max", "second_person_not_inducted")):
        refused = program.post(f"/offers/{offer}/accept", {"second_person": name})
        assert (refused.status_code, refused.json["violations"][0]["rule"]) == (422, rule)
    unnamed = bernd.post(f"/offers/{offer}/accept", data=form_with(page, "second_person"))
    assert (unnamed.status_code, "second" in unnamed.text) == (422, True)
    taken = bernd.post(f"/offers/{offer}/accept", data=form_with(page, "second_person") | {"second_person": "Ida"})
    assert taken.status_code == 303
    session.rollback()
    made = session.get(Reservation, int(taken.location.rpartition("/")[2]))
    assert (made.member_id, made.second_person) == (sample_ring.bernd, "Ida")


@pytest.mark.parametrize(("named", "second"), [("Jan", "Jan"), ("", ""), ("Ida", None)])
def test_who_joins_the_waiting_list_may_name_the_second_person_beforehand(
    app, session, sample_ring, saw, log_in, named, second
):
    """What is accepted without asking has the person who was named, and waits for a time in which that one may."""
    given = ask(session, saw, sample_ring.anna, MAX)
    for person in (Person("Ida"), Person("Jan")):
        induct(session, sample_ring, person, member_id=sample_ring.bernd)
    bernd = log_in(sample_ring.bernd_login)
    span = hours(MONDAY, 1, 3)
    of_span = {"machine": "laser", "start": span.start.isoformat(), "end": span.end.isoformat()}
    page = bernd.get("/waiting-list/join", query_string=of_span).text
    assert 'name="second_person"' in page
    typed = of_span | {"kind": "exact", "part": "any", "places": "1", "is_automatic": "y", "second_person": named}
    assert bernd.post("/waiting-list/join", data=typed).status_code == 303
    (entry,) = program_of(app, session, sample_ring.bernd_login, now=MONDAY).get("/waiting-list").json["items"]
    assert entry["second_person"] == named
    if second is None:
        end_induction(session, Person(named))
    with write_transaction(session):
        reservations.cancel(session, given, by=SOMEBODY, now=MONDAY)
    offered = answers.automatic(session, now=MONDAY)
    assert len(offered) == (second is not None)
    for one in offered:
        with write_transaction(session):
            assert answers.accept_automatically(session, one, by=SOMEBODY, now=MONDAY)
        made = session.scalars(select(Reservation).where(Reservation.member_id == sample_ring.bernd)).one()
        assert made.second_person == second
