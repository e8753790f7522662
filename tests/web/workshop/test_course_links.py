"""Signing up by the link of a mail, what the trainer of a course is told, its pages, and the feed of who takes part."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from app.mail.models import Mail
from app.notifications.models import CourseLink
from app.web.log_redaction import redacted
from app.worker import course_job
from booking.courses import seats
from booking.kernel.transaction import write_transaction
from booking.members import inductions
from booking.models import CourseSignup, Member
from booking.rules.persons import Level
from tests.builders import SOMEBODY, login, mail_text, member
from tests.conftest import MONDAY
from tests.web.workshop import test_course_pages
from tests.web.workshop.test_course_pages import mails

body, trainer = test_course_pages.body, test_course_pages.trainer  # fixtures
FEED = re.compile(r"/feeds/[\w-]{43}\.ics")


@pytest.fixture
def asked(session, sample_ring, clock, body, wanda, bernd):
    """Bernd has asked for the induction, and Wanda has planned a course with one seat."""
    bernd.post("/induction-wishes", {"kind_id": sample_ring.laser_induction})
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    text = mails(session, clock)["course_offered", "bernd@ring.example"]
    return address, re.search(r"https?://\S+?(/sign-up/\S+)", text)[1]


def buttons(page):
    return page.split("<main")[1].split("</main>")[0].count("<button")


def signups(session):
    session.rollback()
    return session.execute(select(CourseSignup.member_id, CourseSignup.person_name, CourseSignup.seat)).all()


def test_the_link_of_the_mail_signs_up_once_without_a_login(client, session, sample_ring, asked):
    _address, link = asked
    for _scanner in range(2):
        assert (client.get(link).status_code, client.head(link).status_code) == (200, 200)
    page = client.get(link).text
    assert (buttons(page), signups(session)) == (1, [])
    assert client.post(link).status_code == 303
    assert [tuple(one) for one in signups(session)] == [(sample_ring.bernd, "Bernd", 1)]
    for late in (client.get(link), client.post(link)):
        assert (late.status_code, buttons(late.text)) == (404, 0)
    assert len(signups(session)) == 1
    assert link.rpartition("/")[2] not in session.scalars(select(CourseLink.token_hash)).all()
    assert redacted(f"GET {link}") == "GET /sign-up/***"
    assert client.get("/sign-up/nonsense").status_code == 404


def test_a_link_to_a_full_course_offers_to_wait_and_ends_with_the_course(
    client, session, sample_ring, wanda, anna, asked
):
    address, link = asked
    shown = client.get(link).text
    anna.post(f"{address}/signups")
    assert "waits" not in shown
    full = client.post(link)  # the page was opened before
    assert (full.status_code, "waits" in full.text) == (409, True)
    assert client.post(link, data={"waits": "y"}).status_code == 303
    assert signups(session)[-1].seat is None
    wanda.post(f"{address}/cancel")
    assert client.get(link).status_code == 404


def test_the_trainer_is_told_of_the_course_its_last_seat_who_leaves_and_the_end(
    session,
    sample_ring,
    clock,
    body,
    wanda,
    anna,
    trainer,
):
    login(session, "Theo", member_id=trainer, now=MONDAY)

    def subjects():
        """Return the texts of the newest mail to a trainer: the keys of the others are known."""
        mails(session, clock)
        rows = session.scalars(select(Mail).where(Mail.key.like("%course_trainer%")).order_by(Mail.id)).all()
        assert {one.to_address for one in rows} == {"theo@ring.example"}
        return [mail_text(one) for one in rows]

    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    assert "You are the trainer" in subjects()[-1]
    signup = anna.post(f"{address}/signups").json["id"]
    assert "The last seat" in subjects()[-1]
    anna.post(f"{address}/signups/{signup}/leave")
    assert "does not come" in subjects()[-1]
    wanda.post(f"{address}/cancel", {"reason": "Theo is ill"})
    assert "has cancelled the induction course" in subjects()[-1]


def test_who_does_not_hold_a_course_any_more_is_told(session, sample_ring, clock, body, wanda, trainer):
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    login(session, "Theo", member_id=trainer, now=MONDAY)
    given = {"given_on": MONDAY.date(), "level": Level.TRAINER, "by": SOMEBODY, "now": MONDAY}
    with write_transaction(session):
        inductions.give(session, sample_ring.anna, sample_ring.laser_induction, **given)
    assert wanda.patch(address, {"trainer_member_id": sample_ring.anna}).status_code == 200
    told = mails(session, clock)
    assert "has chosen another trainer" in told["course_trainer", "theo@ring.example"]
    assert "You are the trainer" in told["course_trainer", "anna@ring.example"]


def test_a_course_without_trainer_is_told_and_marked(
    log_in,
    session,
    sample_ring,
    clock,
    body,
    wanda,
    trainer,
):
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == trainer).values(left_on=MONDAY.date()))
    course_job.look_after_courses(session)
    assert "Please choose another trainer" in mails(session, clock)["course_trainer", "wanda@ring.example"]
    page = log_in(sample_ring.wanda_login).get(f"/inductions{address}").text
    assert "Choose another trainer, or cancel it." in page


def test_pages_of_a_course_run_as_many_statements_for_forty_people_as_for_two(
    app,
    log_in,
    session,
    sample_ring,
    body,
    wanda,
):
    address = wanda.post("/courses", {**body, "seats": 40}).headers["Location"].removeprefix("/api/v1")
    course_id, manager, counts = int(address.rpartition("/")[2]), log_in(sample_ring.wanda_login), {}
    pages = (f"/inductions{address}", "/workshop/inductions/courses")

    def count():
        session.rollback()
        statements = []

        def note(_connection, _cursor, statement, *_rest):
            statements.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        for page in pages:
            assert manager.get(page).status_code == 200
        wanda.get(f"{address}/signups")
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(statements)

    for people in (2, 40):
        while len(signups(session)) < people:
            one = member(session, f"Guest {len(signups(session))}")
            with write_transaction(session):
                seats.sign_up(session, course_id, one, by=SOMEBODY, now=MONDAY)
        count()  # warm
        counts[people] = count()
    assert counts[2] == counts[40] > 0


def test_a_subscription_has_the_course_of_who_takes_part(
    log_in,
    session,
    sample_ring,
    clock,
    body,
    wanda,
    anna,
):
    reader = log_in(sample_ring.anna_login)
    made = reader.post("/feeds/new", data={"shows": "mine:full", "label": "Phone"}, follow_redirects=True).text
    feed = FEED.search(made)[0]
    before = reader.get(feed)
    address = wanda.post("/courses", body).headers["Location"].removeprefix("/api/v1")
    anna.post(f"{address}/signups")
    after = reader.get(feed)
    assert (before.headers["ETag"] != after.headers["ETag"], "Laser" in before.text) == (True, False)
    assert "SUMMARY:Induction course: Laser" in after.text
    uid = re.search(r"UID:(\S+@ringbuch)", after.text)[1]
    wanda.patch(address, {"place": "Room 2"})
    moved = reader.get(feed).text
    assert (uid in moved, "SEQUENCE:1" in moved, "Room 2" in moved) == (True, True, True)
    clock.instant = MONDAY + timedelta(minutes=1)
    wanda.post(f"{address}/cancel")
    assert "STATUS:CANCELLED" in reader.get(feed).text
