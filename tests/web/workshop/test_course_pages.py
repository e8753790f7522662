"""Induction courses on pages, in the API and by mail: asking, planning, seats, attendance, certificate, reminders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app import subscriptions
from app.mail.models import Mail
from app.notifications import induction_reminders
from booking.kernel import deliveries
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.members import inductions
from booking.models import Induction
from booking.rules.persons import Level
from tests.builders import SOMEBODY, login, mail_text, member
from tests.conftest import MONDAY

WHEN = {"starts_at": "2026-11-30T08:00:00+01:00", "ends_at": "2026-11-30T11:00:00+01:00"}
TYPED = {
    "date": "2026-11-30",
    "time": "08:00",
    "end_date": "2026-11-30",
    "end_time": "11:00",
    "until": "end",
    "places": "1",
}
STARTED = MONDAY + timedelta(days=7, hours=1)


@pytest.fixture
def trainer(session, sample_ring, clock):
    """Theo, a trainer for the laser, which stands in Wanda's hall."""
    clock.instant = MONDAY
    theo = member(session, "Theo")
    with write_transaction(session):
        kind_id, first = sample_ring.laser_induction, date(2026, 1, 1)
        inductions.give(session, theo, kind_id, given_on=first, level=Level.TRAINER, by=SOMEBODY, now=MONDAY)
    return theo


@pytest.fixture
def body(sample_ring, trainer):
    kind, hall = sample_ring.laser_induction, sample_ring.hall
    return {"kind_id": kind, "workshop_id": hall, "seats": 1, "trainer_member_id": trainer, **WHEN}


def mails(session, clock):
    """Deliver all events; return the mails about courses and inductions as (template, address)."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=clock())):
            pass
    found = session.scalars(select(Mail).order_by(Mail.id)).all()
    return {(one.key.split(":")[1], one.to_address): mail_text(one) for one in found}


def test_a_course_by_the_api_from_the_refusal_to_the_certificate(session, sample_ring, clock, body, wanda, anna, bernd):
    kind_id = sample_ring.laser_induction
    refused = bernd.post("/reservations", {"machine_id": sample_ring.laser, **WHEN})
    assert {one["rule"]: one.get("ask") for one in refused.json["violations"]} == {
        "induction": "/api/v1/induction-wishes"
    }
    assert bernd.post("/induction-wishes", {"kind_id": kind_id}).status_code == 201
    assert bernd.post("/induction-wishes", {"kind_id": 999}).status_code == 404
    assert bernd.get("/induction-demand").status_code == 403
    (demand,) = wanda.get("/induction-demand").json["items"]
    assert (demand["waiting"], demand["signed_up"]) == (1, 0)

    assert bernd.post("/courses", body).status_code == 403
    wrong = wanda.post("/courses", {**body, "trainer_member_id": sample_ring.bernd})
    assert [one["rule"] for one in wrong.json["violations"]] == ["no_trainer"]
    planned = wanda.post("/courses", {**body, "machine_ids": [sample_ring.combine], "place": "Room 1"})
    assert planned.status_code == 201
    address = planned.headers["Location"].removeprefix("/api/v1")
    taken = anna.post("/reservations", {"machine_id": sample_ring.combine, **WHEN})
    assert taken.json["code"] == "slot_taken"

    seat = bernd.post(f"{address}/signups", {"person": "bernd"})
    assert (seat.status_code, seat.json["person"], seat.json["has_seat"]) == (201, "Bernd", True)
    assert anna.post(f"{address}/signups", {"member_id": sample_ring.bernd}).status_code == 404
    assert anna.post(f"{address}/signups").json["code"] == "course_full"
    waiting = anna.post(f"{address}/signups", {"waits": True}).json
    assert (waiting["has_seat"], waiting["position"]) == (False, 1)
    assert [one["member_id"] for one in anna.get(f"{address}/signups").json["items"]] == [sample_ring.anna]
    assert anna.post(f"{address}/signups/{seat.json['id']}/leave").status_code == 404

    moved = wanda.patch(address, {"place": "Room 2", "seats": 2})
    assert (moved.json["taken"], moved.json["waiting"], moved.json["revision"]) == (2, 0, 1)
    assert wanda.post(f"{address}/attendance", {"people": [{"signup_id": 1, "was_present": True}]}).status_code == 409
    assert set(mails(session, clock)) >= {
        ("course_joined", "anna@ring.example"),
        ("course_seat", "anna@ring.example"),
        ("course_moved", "bernd@ring.example"),
    }
    clock.instant = STARTED
    people = {"people": [{"signup_id": seat.json["id"], "was_present": True}]}
    assert anna.post(f"{address}/attendance", people).status_code == 404
    twice = {"people": [*people["people"], {"signup_id": seat.json["id"], "was_present": False}]}
    assert wanda.post(f"{address}/attendance", twice).status_code == 422
    for _twice in range(2):
        entered = wanda.post(f"{address}/attendance", people)
        assert entered.status_code == 200
    given = next(one["induction_id"] for one in entered.json["items"] if one["id"] == seat.json["id"])
    assert bernd.get("/inductions").json["items"][0] == bernd.get(f"/inductions/{given}").json
    assert bernd.get(f"/inductions/{given}").json["person"] == "Bernd"
    assert wanda.get("/induction-demand").json["items"] == []
    assert wanda.post(f"{address}/cancel").json["detail"].startswith("The attendance")

    found = mails(session, clock)
    assert f"/inductions/{given}/certificate" in found["induction_given", "bernd@ring.example"]


def test_who_asked_is_mailed_the_course_and_all_are_told_that_it_is_cancelled(
    session, sample_ring, clock, body, wanda, bernd
):
    bernd.post("/induction-wishes", {"kind_id": sample_ring.laser_induction})
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    found = mails(session, clock)
    assert f"/inductions/courses/{address.rpartition('/')[2]}" in found["course_offered", "bernd@ring.example"]
    assert "1 of 1 seats free" in found["course_offered", "bernd@ring.example"]
    bernd.post(f"{address}/signups")
    assert wanda.post(f"{address}/cancel", {"reason": "Theo is ill"}).json["cancel_reason"] == "Theo is ill"
    assert "> Theo is ill" in mails(session, clock)["course_cancelled", "bernd@ring.example"]


def test_single_inductions_by_the_api(session, sample_ring, wanda, rita, anna, bernd):
    new = {"member_id": sample_ring.bernd, "kind_id": sample_ring.laser_induction, "level": "trainer", "person": "Eva"}
    assert bernd.post("/inductions", new).status_code == 403
    first = wanda.post("/inductions", new)
    assert (first.status_code, first.json["given_on"], first.json["valid_until"]) == (201, "2026-11-23", "2027-11-23")
    assert wanda.post("/inductions", new).json["id"] == first.json["id"]
    address = f"/inductions/{first.json['id']}"
    extended = wanda.post(f"{address}/extend", {"valid_until": "2029-01-31"}).json
    assert (extended["person"], extended["level"], extended["valid_until"]) == ("Eva", "trainer", "2029-01-31")
    wrong = wanda.post(f"{address}/extend", {"given_on": "2026-11-23", "valid_until": "2026-11-01"})
    assert [one["rule"] for one in wrong.json["violations"]] == ["last_day_before_first"]
    assert wanda.post(f"{address}/level", {"level": "alone"}).json["level"] == "alone"
    assert wanda.post(f"{address}/end", {"last_day": "2027-01-01"}).json["given_until"] == "2027-11-23"
    assert wanda.post(f"{address}/resume").json["valid_until"] == "2027-11-23"
    assert wanda.post(f"{address}/end").json["ended_at"] == "2026-11-23T07:00:00Z"
    assert wanda.post(f"{address}/end").json["code"] == "wrong_status"
    assert anna.get(address).status_code == 404
    assert [one["id"] for one in bernd.get("/inductions").json["items"]] == [first.json["id"], extended["id"]]
    assert wanda.get("/inductions").json["items"] == []  # nobody has reserved with her
    assert len(wanda.get("/inductions", member_id=sample_ring.bernd, valid_on="2026-12-01").json["items"]) == 1
    page = rita.get("/inductions", limit=1).json
    assert len(rita.get("/inductions", cursor=page["next"]).json["items"]) == 2


def test_the_pages_of_a_course(session, sample_ring, clock, trainer, log_in):
    ring, bernd, wanda = sample_ring, log_in(sample_ring.bernd_login), log_in(sample_ring.wanda_login)
    refused = bernd.get("/inductions?machine=laser").text
    assert "For Laser you need:" in refused
    assert bernd.post("/inductions/ask", data={"kind": ring.laser_induction}).status_code == 303
    assert "You have asked for it." in bernd.get("/inductions?machine=laser").text
    desk = wanda.get("/workshop/inductions/courses").text
    assert "1 member waits" in desk
    where = f"/workshop/inductions/courses/new?kind={ring.laser_induction}&workshop={ring.hall}"
    assert "Theo" in wanda.get(where).text
    typed = {**TYPED, "trainer": f"{trainer}|", "seats": "1", "kind": ring.laser_induction, "workshop": ring.hall}
    assert wanda.post(where, data={**typed, "end_time": "07:00"}).status_code == 422
    planned = wanda.post(where, data=typed)
    assert planned.status_code == 303
    address = planned.headers["Location"]
    assert "1 of 1 seats free" in bernd.get("/inductions").text
    assert bernd.post(f"{address}/sign-up", data={"person": "Bernd"}).status_code == 303
    shown = bernd.get(address).text
    assert "Sign off" in shown
    assert "Member number" not in shown
    managers = wanda.get(address).text.split("Member number")[1]  # she acts for no member, so she names one
    assert "optional" not in managers.split("<input")[0]
    full = wanda.post(f"{address}/sign-up", data={"number": "M-Anna"})
    assert full.status_code == 409
    assert "Every seat of this course is given." in full.text
    assert wanda.post(f"{address}/sign-up", data={"number": "M-Anna", "waits": "y"}).status_code == 303
    assert wanda.post(f"{address}/sign-up", data={"number": "nobody"}).status_code == 422
    change = address.replace("/inductions/", "/workshop/inductions/") + "/change"
    assert wanda.post(change, data={**typed, "seats": "3", "revision": "0", "place": "Room 2"}).status_code == 303
    assert wanda.post(change, data={**typed, "seats": "3", "revision": "0"}).status_code == 409
    assert "has not begun yet" in wanda.get(f"{address}/attendance").text
    clock.instant = STARTED
    assert "was there" in wanda.get(f"{address}/attendance").text
    signup = wanda.get(f"{address}/attendance").text.split('name="person-')[1].split('"')[0]
    assert wanda.post(f"{address}/attendance", data={f"person-{signup}": "present"}).status_code == 303
    certificate = session.scalars(select(Induction.id).order_by(Induction.id.desc())).first()
    anna = log_in(ring.anna_login)
    assert "Certificate of induction" in anna.get(f"/inductions/{certificate}/certificate").text
    assert bernd.get(f"/inductions/{certificate}/certificate").status_code == 404
    assert "no longer holds" not in anna.get(f"/inductions/{certificate}/certificate").text
    with write_transaction(session):
        given = session.get_one(Induction, certificate)
        given.given_on = given.valid_until = date(2026, 11, 29)
    assert "was valid until Sun 29 November" in anna.get(f"/inductions/{certificate}/certificate").text
    assert bernd.get("/inductions/courses/999").status_code == 404


def test_a_member_is_reminded_once_thirty_days_before_an_induction_ends(session, sample_ring, clock):
    def remind(today):
        count = induction_reminders.remind(session, today, now=clock())
        return count, [one for one in mails(session, clock) if one[0] == "induction_expires"]

    clock.instant = MONDAY
    ends = session.scalars(select(Induction.valid_until)).one()
    assert remind(ends - timedelta(days=31)) == (0, [])
    told = [("induction_expires", "anna@ring.example")]
    assert remind(ends - timedelta(days=30)) == (1, told)
    assert remind(ends) == (0, told)
    with write_transaction(session):  # renewed by use, and about to end again
        session.execute(update(Induction).values(valid_until=ends + timedelta(days=100)))
    assert remind(ends + timedelta(days=90))[0] == 1
    with write_transaction(session):
        kind_id = sample_ring.laser_induction
        session.execute(update(Induction).values(reminded_until=None))
        inductions.give(session, sample_ring.anna, kind_id, given_on=ends, by=SOMEBODY, now=MONDAY)
    assert remind(ends + timedelta(days=90))[0] == 0  # another one follows
    with write_transaction(session):  # it is of the member itself, and holds for its persons too
        session.execute(update(Induction).where(Induction.id == 1).values(person_name="Eva"))
    assert remind(ends + timedelta(days=90))[0] == 0


def test_the_refusal_and_the_machine_lead_to_the_courses_that_are_missing(sample_ring, clock, body, wanda, log_in):
    bernd = log_in(sample_ring.bernd_login)
    wish = "machine=laser&date=2026-11-24&time=09:00&until=length&hours=1&minutes=0&places=1"
    for address in (f"/reservations/check?{wish}", "/machines/laser"):
        assert 'href="/inductions?machine=laser"' in bernd.get(address).text
    later = {"starts_at": "2026-12-01T08:00:00+01:00", "ends_at": "2026-12-01T11:00:00+01:00"}
    cancelled, held = (wanda.post("/courses", {**body, **when}).json["id"] for when in (WHEN, later))
    wanda.post(f"/courses/{cancelled}/cancel")
    shown = bernd.get("/inductions?machine=laser").text
    note = shown.split("For Laser you need:")[1].split("Courses to come")[0]
    assert f"/inductions/courses/{held}" in note
    assert f"/inductions/courses/{cancelled}" not in note
    assert (
        f"/inductions/courses/{held}" in bernd.get("/inductions?machine=laser&page=2").text
    )  # whatever the page lists
    clock.instant = STARTED + timedelta(days=1)
    assert "Course on" not in bernd.get("/inductions?machine=laser").text  # it has begun


def test_a_closure_of_a_course_leads_to_the_course(sample_ring, body, wanda, log_in):
    course = wanda.post("/courses", {**body, "machine_ids": [sample_ring.combine]}).json["id"]
    browser = log_in(sample_ring.wanda_login)
    desk = browser.get("/workshop").text
    assert f'href="/inductions/courses/{course}"' in desk
    assert "/lift" not in desk
    assert browser.get("/workshop/closures/1/change").headers["Location"] == f"/inductions/courses/{course}"
    refused = browser.post("/workshop/closures/1/lift", follow_redirects=True).text
    assert "This time belongs to an induction course." in refused


def test_trainers_give_no_level_of_trainer_and_read_who_is_meant(
    session, sample_ring, clock, body, wanda, trainer, log_in, speak_as
):
    theos = login(session, "theo", member_id=trainer, now=MONDAY)
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    signup = wanda.post(f"{address}/signups", {"member_id": sample_ring.bernd}).json["id"]
    clock.instant = STARTED
    theo, page = log_in(theos), f"/inductions{address}/attendance"
    assert 'value="trainer"' not in theo.get(page).text
    assert 'value="trainer"' in log_in(sample_ring.wanda_login).get(page).text
    wrong = theo.post(page, data={f"person-{signup}": "present", "level": "trainer"})
    assert (wrong.status_code, "can make somebody a trainer" in wrong.text) == (422, True)
    people = {"people": [{"signup_id": signup, "was_present": True}]}
    assert speak_as(theos).post(f"{address}/attendance", {**people, "level": "trainer"}).status_code == 422
    assert theo.post(page, data={f"person-{signup}": "present", "level": "alone"}).status_code == 303
    absent = theo.post(page, data={f"person-{signup}": "absent"})
    assert (absent.status_code, "Bernd: This person was entered" in absent.text) == (422, True)


def test_pages_of_courses_send_as_many_statements_for_many_as_for_one(
    session, sample_ring, body, wanda, bernd, log_in, statements
):
    def made():
        found = {}
        for who, address in (
            (sample_ring.bernd_login, "/inductions?machine=laser"),
            (sample_ring.bernd_login, "/inductions/courses/1"),
            (sample_ring.wanda_login, "/inductions/courses/1"),
            (sample_ring.wanda_login, "/workshop/inductions/courses"),
            (sample_ring.wanda_login, "/workshop/inductions/courses?past=1"),
            (sample_ring.wanda_login, "/workshop"),
        ):
            browser = log_in(who)
            browser.get(address)
            with statements() as sent:
                assert browser.get(address).status_code == 200
            found[who, address] = len(sent)
        return found

    kind_id = sample_ring.laser_induction
    wanda.post("/courses", {**body, "seats": 20, "machine_ids": [sample_ring.combine]})
    bernd.post("/courses/1/signups")
    bernd.post("/induction-wishes", {"kind_id": kind_id})
    few = made()
    for number in range(4):
        day = {key: value.replace("11-30", f"12-0{number + 1}") for key, value in WHEN.items()}
        wanda.post("/courses", {**body, **day, "machine_ids": [sample_ring.combine]})
        who = member(session, f"Member {number}")
        wanda.post("/courses/1/signups", {"member_id": who})
        wanda.post("/induction-wishes", {"member_id": who, "kind_id": kind_id})
    assert made() == few
