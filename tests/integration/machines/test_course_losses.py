"""What an induction course loses: seats of leavers, its trainer; attendance sent twice; feeds of who takes part."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.worker import course_job
from booking.courses import attendance, losses, planning, seats
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.members import inductions
from booking.models import Course, CourseSignup, Induction, Member
from booking.queries import courses as course_queries
from booking.queries.feed_courses import feed_courses
from booking.records import workshops
from booking.records.workshops import WorkshopInput
from booking.rule_changes.induction_kinds import KindInput, change_kind
from booking.rules.persons import Level
from tests.builders import SOMEBODY, hours, member, schedule_version
from tests.conftest import MONDAY
from tests.integration.machines import test_courses
from tests.integration.machines.test_courses import AFTER, COURSE, change, enter, events, plan, sign_up
from tests.integration.schedule.test_offer_races import all_at_once

data, saw = test_courses.data, test_courses.saw  # fixtures


def seated(session, course_id):
    session.rollback()
    return [one.member_id for one in course_queries.signups(session, course_id) if one.seat is not None]


def test_the_seat_of_who_leaves_before_the_course_goes_to_who_waits(session, sample_ring, clock, data):
    clock.instant = MONDAY
    course_id = plan(session, replace(data, seats=1))
    sign_up(session, course_id, sample_ring.anna)
    sign_up(session, course_id, sample_ring.bernd, waits=True)
    for left_on, has_seat in (
        (COURSE.start.date(), sample_ring.anna),  # the last day of the membership
        (COURSE.start.date() - timedelta(days=1), sample_ring.bernd),
    ):
        with write_transaction(session):
            session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=left_on))
        course_job.look_after_courses(session)
        assert seated(session, course_id) == [has_seat]
    assert course_job.look_after_courses(session) == 0
    assert events(session)[-2:] == ["course_left", "course_seat_given"]


@pytest.mark.parametrize("loss", ["induction", "membership"])
def test_a_trainer_who_may_not_hold_it_is_noted_once_and_enters_no_attendance(
    session,
    sample_ring,
    clock,
    saw,
    data,
    loss,
):
    clock.instant, (_kind_id, theo, _saw) = MONDAY, saw
    course_id = plan(session, data)
    signup = sign_up(session, course_id, sample_ring.anna)
    assert course_job.look_after_courses(session) == 0
    before = COURSE.start.date() - timedelta(days=1)
    with write_transaction(session):
        if loss == "induction":
            session.execute(update(Induction).where(Induction.member_id == theo).values(valid_until=before))
        else:
            session.execute(update(Member).where(Member.id == theo).values(left_on=before))
    for _twice in range(2):
        course_job.look_after_courses(session)
    assert events(session).count("course_trainer_lost") == 1
    assert course_queries.course(session, course_id).trainer_lost_at == MONDAY

    session.rollback()
    with pytest.raises(WrongStatus) as refused, write_transaction(session):
        attendance.enter(session, course_id, {signup: True}, as_trainer=True, by=SOMEBODY, now=AFTER)
    assert refused.value.facts["status"] == "trainer_lost"
    assert enter(session, course_id, {signup: True}) == 1  # by the workshop


def test_another_trainer_ends_the_mark(session, sample_ring, clock, saw, data):
    clock.instant, (kind_id, theo, _saw) = MONDAY, saw
    course_id, paul = plan(session, data), member(session, "Paul")
    with write_transaction(session):
        inductions.give(session, paul, kind_id, given_on=MONDAY.date(), level=Level.TRAINER, by=SOMEBODY, now=MONDAY)
        session.execute(update(Induction).where(Induction.member_id == theo).values(valid_until=MONDAY.date()))
    course_job.look_after_courses(session)
    change(session, course_id, replace(data, note="Bring gloves"))
    assert course_job.look_after_courses(session) == 0  # told once
    change(session, course_id, replace(data, trainer_member_id=paul))
    assert course_queries.course(session, course_id).trainer_lost_at is None
    session.rollback()
    assert course_job.look_after_courses(session) == 0
    changed = select(RecordedEvent).where(RecordedEvent.type == "course_changed")
    event = session.scalars(changed.order_by(RecordedEvent.id)).all()[-1]
    assert (event.facts["is_other_trainer"], event.facts["is_moved"]) == (True, False)


def test_attendance_that_is_sent_twice_at_once_gives_each_induction_once(app, session, sample_ring, saw, data):
    kind_id, _theo, _saw = saw
    course_id = plan(session, data)
    signups = {sign_up(session, course_id, one): True for one in (sample_ring.anna, sample_ring.bernd)}
    sending = [
        lambda session: attendance.enter(session, course_id, signups, by=SOMEBODY, now=AFTER) for _device in range(4)
    ]
    results = all_at_once(app, *sending)

    assert sorted(results) == [0, 0, 0, 2]
    session.rollback()
    given = select(func.count()).where(Induction.kind_id == kind_id, Induction.member_id != saw[1])
    assert session.scalar(given) == 2


def test_the_feeds_of_trainer_and_participants_have_the_course(session, sample_ring, saw, data):
    theo, versions = saw[1], {}

    def feed(member_id):
        session.rollback()
        found = feed_courses(session, member_id, since=MONDAY)
        before, versions[member_id] = versions.get(member_id), schedule_version(session, member_id=member_id)
        return [(one.starts_at, one.revision, one.cancelled_at is not None) for one in found], before

    feed(theo), feed(sample_ring.anna)
    course_id = plan(session, replace(data, seats=1))
    assert feed(theo) == ([(COURSE.start, 0, False)], versions[theo] - 1)
    signup = sign_up(session, course_id, sample_ring.anna)
    sign_up(session, course_id, sample_ring.bernd, waits=True)
    assert feed(sample_ring.anna)[0] == [(COURSE.start, 0, False)]
    assert feed(sample_ring.bernd)[0] == []  # waits
    later = hours(COURSE.start, 24, 27)
    change(session, course_id, replace(data, seats=1, span=later))
    for one in (theo, sample_ring.anna):
        found, before = feed(one)
        assert (found, before < versions[one]) == ([(later.start, 1, False)], True)
    with write_transaction(session):
        seats.sign_off(session, course_id, signup, by=SOMEBODY, now=MONDAY)
    assert [feed(one)[0] != [] for one in (sample_ring.anna, sample_ring.bernd)] == [False, True]
    with write_transaction(session):
        planning.cancel(session, course_id, by=SOMEBODY, now=MONDAY)
    assert [feed(one)[0] for one in (theo, sample_ring.bernd)] == [[(later.start, 2, True)]] * 2
    assert session.get(Course, course_id).cancelled_at == MONDAY
    assert session.scalar(select(func.count()).select_from(CourseSignup)) == 2


def test_who_leaves_after_a_course_keeps_nobody_from_being_signed_off(session, sample_ring, data):
    course_id = plan(session, data)
    signups = [sign_up(session, course_id, one) for one in (sample_ring.anna, sample_ring.bernd)]
    day = COURSE.start.date()
    with write_transaction(session):
        for member_id, left_on in ((sample_ring.anna, day), (sample_ring.bernd, day - timedelta(days=1))):
            session.execute(update(Member).where(Member.id == member_id).values(left_on=left_on))
    assert losses.leavers(session, now=MONDAY, limit=1) == [(course_id, signups[1])]


def test_another_name_of_the_kind_or_the_workshop_changes_the_feeds_of_a_course(session, sample_ring, saw, data):
    kind_id, theo, _saw = saw
    sign_up(session, plan(session, data), sample_ring.anna)
    people = (theo, sample_ring.anna, sample_ring.bernd)

    def versions():
        session.rollback()
        return [schedule_version(session, member_id=one) for one in people]

    def rename_kind():
        change_kind(session, kind_id, KindInput("Circular saw"), by=SOMEBODY, now=MONDAY)

    def rename_workshop():
        place = WorkshopInput(slug="hall", name="Hall 2")
        workshops.change_workshop(session, sample_ring.hall, place, (), by=SOMEBODY, now=MONDAY)

    for verb in (rename_kind, rename_workshop):
        before = versions()
        with write_transaction(session):
            verb()
        assert [after > was for after, was in zip(versions(), before, strict=True)] == [True, True, False]
