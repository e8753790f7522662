"""Inductions that build on others: entered after a look at what it does, judged wherever a machine is reserved."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from app.mail.models import Mail
from booking import queries
from booking.errors.schedule_errors import (
    ANY,
    GroupRefused,
    RecordRefused,
    RequestRefused,
    ReservationsOutside,
    SeriesConflicts,
)
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Prerequisite, Reservation
from booking.queries import induction_kind_views as kind_queries
from booking.records import catalogue, groups
from booking.records.groups import GroupInput, RankedMachine
from booking.reservations import group_requests, machine_moves
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish
from booking.rule_changes import condition_changes, induction_kinds, rule_changes
from booking.rule_changes.induction_kinds import KindInput
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.times.recurrence import Frequency, RecurrenceRule
from tests.builders import SOMEBODY, hours, induct, induction_kind, reserve
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver
from tests.web.programs import program_of

on_both_databases = pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@pytest.fixture
def basics(session):
    return induction_kind(session, "Basics")


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def require(session, kind_id, *required, **more):
    name = kind_queries.kind(session, kind_id).name
    with write_transaction(session):
        data = KindInput(name, 12, frozenset(required))
        induction_kinds.change_kind(session, kind_id, data, by=SOMEBODY, now=MONDAY, confirmed=ANY, **more)


def address(kind_id):
    return f"/workshop/inductions/kinds/{kind_id}"


def test_who_adds_a_condition_sees_first_which_reservations_it_breaks(session, sample_ring, rita, basics):
    laser = sample_ring.laser_induction
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    typed = {"name": "Laser", "valid_months": "12", "requires": [str(basics)]}

    asked = rita.post(address(laser), data=typed)

    assert asked.status_code == 409
    for text in (
        "1 reservation lies outside the new rules",
        "builds on “Basics”, which is not valid on Wed 25 November",
        "In the last year it would have refused 1 reservation",
    ):
        assert text in asked.text
    assert kind_queries.kind(session, laser).requires == ()

    fingerprint = re.search(r'name="confirmed" value="([0-9a-f]{16})"', asked.text)[1]
    saved = rita.post(address(laser), data=typed | {"confirmed": fingerprint, "tells_members": "y"})
    assert saved.status_code == 303
    session.expire_all()
    assert session.get(Reservation, reserved).outside_rules_since is not None
    assert "builds on Basics" in rita.get("/workshop/inductions").text

    induct(session, sample_ring.anna, basics, MONDAY.date() - timedelta(days=9))
    page = rita.get(address(laser)).text
    assert f'checked class="check" id="requires-0" name="requires" type="checkbox" value="{basics}"' in page
    assert rita.post(address(laser), data={"name": "Laser", "valid_months": "24"}).status_code == 303
    session.expire_all()
    assert session.get(Reservation, reserved).outside_rules_since is None
    assert kind_queries.kind(session, laser).valid_months == 24


def test_a_circle_is_refused_with_its_chain_on_the_page_and_by_the_api(app, session, sample_ring, rita, basics):
    laser, mill = sample_ring.laser_induction, induction_kind(session, "Mill")
    require(session, mill, laser)
    require(session, laser, basics)

    refused = rita.post(address(basics), data={"name": "Grounds", "valid_months": "12", "requires": [str(mill)]})
    assert refused.status_code == 422
    assert "This would lead in a circle: Basics → Mill → Laser → Basics." in refused.text
    assert 'value="Grounds"' in refused.text

    program = program_of(app, session, sample_ring.rita_login, now=MONDAY)
    answer = program.patch(f"/induction-kinds/{basics}", {"requires": [mill]})
    (found,) = answer.json["violations"]
    assert (answer.status_code, found["rule"], found["field"]) == (422, "prerequisite_circle", "requires")
    assert "Take one of them out." in found["message"]
    assert program.patch(f"/induction-kinds/{basics}", {"requires": [basics]}).status_code == 422
    assert program.patch(f"/induction-kinds/{basics}", {"requires": [999]}).status_code == 422
    assert program.get("/induction-kinds").json["items"][0] == {
        "id": basics,
        "name": "Basics",
        "valid_months": 12,
        "revision": 0,
        "requires": [],
        "supervised_uses": 0,
        "promotes": False,
        "renews_by_use": False,
    }
    changed = program.patch(f"/induction-kinds/{mill}", {"requires": []})
    assert (changed.status_code, changed.json["requires"], changed.json["revision"]) == (200, [], 2)
    entered = program.post("/induction-kinds", {"name": "Saw", "requires": [mill, basics]})
    assert (entered.status_code, entered.json["requires"]) == (
        201,
        [basics, mill],
    )


def test_only_who_manages_all_workshops_concerned_changes_a_kind(session, sample_ring, log_in, basics):
    wanda = log_in(sample_ring.wanda_login)
    typed = {"name": "Basics", "valid_months": "6"}
    assert wanda.get(address(sample_ring.laser_induction)).status_code == 404  # of the lab
    assert wanda.post(address(basics), data=typed).status_code == 303  # no machine needs it

    require(session, sample_ring.laser_induction, basics)
    assert wanda.post(address(basics), data=typed).status_code == 404
    assert f'href="{address(basics)}"' not in wanda.get("/workshop/inductions").text
    assert log_in(sample_ring.anna_login).get(address(basics)).status_code == 403


def test_a_missing_prerequisite_refuses_in_every_way_of_reserving(session, sample_ring, log_in, basics):
    anna, laser = sample_ring.anna, sample_ring.laser
    reserved = reserve(session, laser, anna, hours(MONDAY, 0, 2), now=MONDAY).id
    elsewhere = reserve(session, sample_ring.combine, anna, hours(MONDAY, 49, 51), now=MONDAY).id
    with write_transaction(session):
        ranked = (RankedMachine(laser),)
        group = groups.make(session, sample_ring.lab, GroupInput("Lasers", ranked), by=SOMEBODY, now=MONDAY)
    require(session, sample_ring.laser_induction, basics)
    span = hours(MONDAY, 72, 74)

    with pytest.raises(RequestRefused) as refused:
        reserve(session, laser, anna, span, now=MONDAY)
    assert [(one.rule, one.limit) for one in refused.value.violations] == [("prerequisite", "Basics")]
    with pytest.raises(GroupRefused), write_transaction(session):
        group_requests.request_in_group(session, GroupWish(group, anna, span), by=SOMEBODY, now=MONDAY)
    rule = RecurrenceRule(Frequency.DAILY, count=2)
    wish = SeriesWish(laser, anna, rule, span.start.replace(tzinfo=None), timedelta(hours=1))
    with pytest.raises(SeriesConflicts), write_transaction(session):
        series.create(session, wish, on_conflict=OnConflict.REFUSE, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        session.get(Machine, laser).workshop_id = sample_ring.hall
    broken = {one.rule for one in refused_move(session, elsewhere, laser)}
    assert "prerequisite" in broken

    login = log_in(sample_ring.anna_login)
    assert "builds on “Basics”" in login.get(f"/usage/hand-out/{reserved}").text
    assert "You need the induction Basics." in login.get("/machines/laser").text
    assert "which builds on Basics" in login.get("/machines/laser").text
    assert "“Basics”, on which it builds, is not valid" in login.get("/account").text
    assert "laser" not in {one.slug for one in queries.machine_cards(session, inducted_member_id=anna).items}

    induct(session, anna, basics, MONDAY.date())
    assert reserve(session, laser, anna, span, now=MONDAY).id
    assert "laser" in {
        one.slug for one in queries.machine_cards(session, inducted_member_id=anna, inducted_on=MONDAY.date()).items
    }


def refused_move(session, reservation_id, machine_id):
    reservation = session.get(Reservation, reservation_id)
    terms = catalogue.lending_terms(session, machine_id)
    wish = Wish(machine_id, reservation.member_id, hours(MONDAY, 49, 51))
    return machine_moves.violations_of(session, reservation, wish, terms, may_decide=False, now=MONDAY)


def test_the_end_of_a_prerequisite_is_told_like_the_end_of_the_induction(session, sample_ring, rita, basics):
    require(session, sample_ring.laser_induction, basics)
    induct(session, sample_ring.anna, basics, MONDAY.date() - timedelta(days=1))
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    one = queries.inductions(session, member_id=sample_ring.anna, kind_id=basics)[0]

    page = rita.get(f"/workshop/inductions/{one.id}/end").text
    assert "1 reservation is affected if it ends at once" in page
    assert f"/reservations/{reserved}" in page
    ended = rita.post(f"/workshop/inductions/{one.id}/end", data={"when": "now", "tells_member": "y"})
    assert ended.status_code == 303
    session.expire_all()
    assert session.get(Reservation, reserved).outside_rules_since is not None
    deliver(session)
    assert any("outside" in mail.subject.lower() or "builds on" in mail.body for mail in session.scalars(select(Mail)))


def test_an_induction_withdrawn_between_request_and_approval_refuses_the_approval(app, session, sample_ring, basics):
    require(session, sample_ring.laser_induction, basics)
    induct(session, sample_ring.anna, basics, MONDAY.date() - timedelta(days=1))
    with write_transaction(session):
        session.execute(
            update(Machine)
            .where(Machine.id == sample_ring.splitter)
            .values(induction_kind_id=sample_ring.laser_induction)
        )
    asked = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    one = queries.inductions(session, member_id=sample_ring.anna, kind_id=basics)[0]
    with write_transaction(session):
        condition_changes.end_induction(session, one.id, last_day=None, by=SOMEBODY, now=MONDAY)
    program = program_of(app, session, sample_ring.wanda_login, now=MONDAY)

    refused = program.post(f"/reservations/{asked}/approve", {})
    assert (refused.status_code, refused.json["violations"][0]["rule"]) == (422, "prerequisite")
    assert "Basics" in refused.json["violations"][0]["message"]
    with_reason = program.post(f"/reservations/{asked}/approve", {"overrule_reason": "I know her"})
    assert with_reason.status_code == 422
    session.expire_all()
    assert session.get(Reservation, asked).status == "requested"

    with write_transaction(session):
        condition_changes.resume_induction(session, one.id, by=SOMEBODY, now=MONDAY)
    assert program.post(f"/reservations/{asked}/approve", {}).json["status"] == "confirmed"


def test_a_second_missing_prerequisite_is_listed_though_the_first_one_was_accepted(session, sample_ring, basics):
    laser, safety = sample_ring.laser_induction, induction_kind(session, "Safety")
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id
    require(session, laser, basics)
    with write_transaction(session):
        rule_changes.accept(session, reserved, by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 0

    def change(kind_id, name, required, confirmed, now=MONDAY):
        with write_transaction(session):
            data = KindInput(name, 12, frozenset(required))
            induction_kinds.change_kind(session, kind_id, data, by=SOMEBODY, now=now, confirmed=confirmed)

    first_aid = induction_kind(session, "First aid")
    induct(session, sample_ring.anna, first_aid, MONDAY.date())
    change(basics, "Basics of safety", [first_aid], "")  # a new name alone breaks nothing
    with pytest.raises(ReservationsOutside) as outside:
        change(laser, "Laser", [basics, safety], "")
    assert [[one.limit for one in broken] for broken in outside.value.broken.values()] == [
        ["Basics of safety", "Safety"]
    ]
    change(laser, "Laser", [basics, safety], ANY, MONDAY + timedelta(hours=1))
    assert queries.outside_count(session, None, now=MONDAY) == 1


@on_both_databases
def test_two_changes_at_once_never_close_a_circle(app, session, sample_ring, basics):
    pair = (sample_ring.laser_induction, basics)
    both = Barrier(2)

    def change(kind_id, required):
        with app.app_context():
            own = db.session()
            name = kind_queries.kind(own, kind_id).name
            both.wait()
            data = KindInput(name, 12, frozenset([required]))
            try:
                in_write_transaction(
                    own, lambda: induction_kinds.change_kind(own, kind_id, data, by=SOMEBODY, now=MONDAY, confirmed=ANY)
                )
            except RecordRefused as refusal:
                return [one.rule for one in refusal.violations]
            return []

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(change, pair, reversed(pair)))
    assert sorted(answers) == [[], ["prerequisite_circle"]]
    session.rollback()
    assert len(session.scalars(select(Prerequisite.kind_id)).all()) == 1
    stored = session.execute(select(Prerequisite.kind_id, Prerequisite.required_kind_id)).one()
    closing = {"kind_id": stored.required_kind_id, "required_kind_id": stored.kind_id}
    with pytest.raises(DBAPIError, match="no_circle"):
        in_write_transaction(session, lambda: session.execute(insert(Prerequisite).values(closing)))
