"""Induction courses: planning, seats, waiting for one, attendance, and the wishes that they answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from booking import audits, queries
from booking.closures import blockings
from booking.courses import attendance, planning, seats
from booking.courses.planning import CourseInput
from booking.errors.course_errors import ClosureOfCourse, CourseFull
from booking.errors.schedule_errors import RecordRefused, SlotTaken, WrongStatus
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.members import induction_wishes, inductions
from booking.models import CourseSignup, Induction, Member
from booking.queries import courses as course_queries
from booking.queries import induction_demand
from booking.rule_changes import condition_changes
from booking.rules.persons import MEMBER_ITSELF, Level, Person
from tests.builders import SOMEBODY, hours, induction_kind, machine, member, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once

COURSE = hours(MONDAY + timedelta(days=7), 1, 4)
AFTER = COURSE.start + timedelta(hours=1)


@pytest.fixture
def saw(session, sample_ring):
    """A kind of induction, with a machine in the hall that needs it, and Theo as its trainer."""
    kind_id = induction_kind(session, "Saw")
    theo = member(session, "Theo")
    with write_transaction(session):
        inductions.give(session, theo, kind_id, given_on=date(2026, 1, 1), level=Level.TRAINER, by=SOMEBODY, now=MONDAY)
    saw_id = machine(session, sample_ring.hall, "saw", induction_kind_id=kind_id)
    return kind_id, theo, saw_id


@pytest.fixture
def data(sample_ring, saw):
    kind_id, theo, saw_id = saw
    return CourseInput(kind_id, sample_ring.hall, COURSE, 2, theo, MEMBER_ITSELF, frozenset([saw_id]), "Room 1")


def plan(session, data, now=MONDAY):
    with write_transaction(session):
        return planning.plan(session, data, reason="Course: Saw", by=SOMEBODY, now=now)


def change(session, course_id, data, now=MONDAY):
    with write_transaction(session):
        planning.change(session, course_id, data, reason="Course: Saw", by=SOMEBODY, now=now)


def sign_up(session, course_id, member_id, *, now=MONDAY, **more):
    with write_transaction(session):
        return seats.sign_up(session, course_id, member_id, by=SOMEBODY, now=now, **more)


def enter(session, course_id, was_present, now=AFTER):
    with write_transaction(session):
        return attendance.enter(session, course_id, was_present, by=SOMEBODY, now=now)


def seen(session, course_id):
    session.rollback()
    return course_queries.course(session, course_id)


def events(session, prefix="course_"):
    session.rollback()
    return session.scalars(
        select(RecordedEvent.type).where(RecordedEvent.type.startswith(prefix)).order_by(RecordedEvent.id)
    ).all()


def test_a_course_holds_its_machines_until_it_is_moved_or_cancelled(session, sample_ring, saw, data):
    _kind, theo, saw_id = saw
    course_id = plan(session, data)
    view = seen(session, course_id)
    assert (view.kind, view.trainer_name, view.free, view.machines) == ("Saw", "Theo", 2, ((saw_id, "Saw"),))
    with pytest.raises(SlotTaken):
        reserve(session, saw_id, theo, COURSE, now=MONDAY)
    (closure,) = queries.closures(session, now=MONDAY, machine_id=saw_id)
    for verb in (
        lambda: blockings.lift(session, closure.id, by=SOMEBODY, now=MONDAY),
        lambda: blockings.change(session, closure.id, COURSE, "", by=SOMEBODY, now=MONDAY),
    ):
        with pytest.raises(ClosureOfCourse), write_transaction(session):
            verb()

    later = hours(COURSE.start, 24, 27)
    change(session, course_id, replace(data, span=later, seats=3))
    reserve(session, saw_id, theo, COURSE, now=MONDAY)
    with pytest.raises(SlotTaken):  # back to where somebody has reserved meanwhile
        change(session, course_id, data)
    other = machine(session, sample_ring.hall, "second-saw")
    change(session, course_id, replace(data, span=later, machine_ids=frozenset([other])))
    reserve(session, saw_id, theo, later, now=MONDAY)
    for _twice in range(2):
        with write_transaction(session):
            planning.cancel(session, course_id, reason="Ill", by=SOMEBODY, now=MONDAY)
    reserve(session, other, sample_ring.anna, later, now=MONDAY)
    assert seen(session, course_id).cancel_reason == "Ill"
    assert events(session) == ["course_planned", "course_changed", "course_changed", "course_cancelled"]
    assert not audits.overlapping_pairs(session)
    with pytest.raises(WrongStatus):
        sign_up(session, course_id, sample_ring.anna)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"seats": 0}, "at_least"),
        ({"seats": 201}, "at_most"),
        ({"kind_id": 999}, "missing"),
        ({"workshop_id": 999}, "missing"),
        ({"machine_ids": frozenset([999])}, "missing"),
        ({"span": hours(MONDAY, -5, -1)}, "past"),
        ({"span": hours(MONDAY, 1, 24 * 40)}, "course_days"),
        ({"trainer": Person("Nobody")}, "no_trainer"),
        ({"place": "x" * 201}, "at_most"),
    ],
)
def test_a_wrong_course_is_refused_by_its_field(session, data, wrong, rule):
    with pytest.raises(RecordRefused) as refused:
        plan(session, replace(data, **wrong))
    assert [one.rule for one in refused.value.violations] == [rule]
    assert not events(session)


def test_machines_of_other_workshops_and_trainers_without_the_level_are_refused(session, sample_ring, data):
    with pytest.raises(RecordRefused) as refused:
        plan(session, replace(data, machine_ids=frozenset([sample_ring.laser]), trainer_member_id=sample_ring.anna))
    assert [(one.rule, one.limit) for one in refused.value.violations] == [
        ("no_trainer", "Theo"),
        ("machine_elsewhere", None),
    ]


def test_who_waits_longest_gets_the_seat_that_is_given_back(session, sample_ring, data):
    course_id = plan(session, replace(data, seats=1))
    carla = member(session, "Carla")
    first = sign_up(session, course_id, sample_ring.anna)
    assert sign_up(session, course_id, sample_ring.anna) == first
    with pytest.raises(CourseFull) as full:
        sign_up(session, course_id, carla)
    assert full.value.facts == {"course_id": course_id, "seats": 1, "waiting": 0}
    sign_up(session, course_id, carla, waits=True)
    sign_up(session, course_id, sample_ring.bernd, waits=True)
    assert [(one.name, one.position) for one in course_queries.signups(session, course_id)] == [
        ("Anna", None),
        ("Carla", 1),
        ("Bernd", 2),
    ]
    for _twice in range(2):
        with write_transaction(session):
            seats.sign_off(session, course_id, first, by=SOMEBODY, now=MONDAY)
    change(session, course_id, replace(data, seats=2))
    assert [(one.name, one.seat) for one in course_queries.signups(session, course_id)] == [("Bernd", 2), ("Carla", 1)]
    with pytest.raises(RecordRefused) as refused:
        change(session, course_id, replace(data, seats=1))
    assert [(one.rule, one.limit) for one in refused.value.violations] == [("at_least", 2)]
    with write_transaction(session):  # seats that go are taken from who can move to a lower one
        (carlas,) = (one for one in course_queries.signups(session, course_id) if one.name == "Carla")
        seats.sign_off(session, course_id, carlas.id, by=SOMEBODY, now=MONDAY)
    change(session, course_id, replace(data, seats=1))
    assert [(one.name, one.seat) for one in course_queries.signups(session, course_id)] == [("Bernd", 1)]


def test_the_database_refuses_one_participant_more_and_one_person_twice(session, sample_ring, data):
    course_id = plan(session, replace(data, seats=1))
    sign_up(session, course_id, sample_ring.anna)
    row = {"course_id": course_id, "member_id": sample_ring.bernd, "person_name": "", "person_key": "", "seat": 1}
    for wrong in ({}, {"seat": 2}, {"member_id": sample_ring.anna, "seat": None}):
        with pytest.raises(IntegrityError), write_transaction(session):
            session.execute(insert(table_of(CourseSignup)).values(joined_at=MONDAY, **{**row, **wrong}))


def test_of_many_at_once_the_last_seat_is_given_to_one(app, session, data):
    course_id = plan(session, replace(data, seats=1))
    many = [member(session, f"Member {number}") for number in range(6)]
    results = all_at_once(
        app, *(partial(seats.sign_up, course_id=course_id, member_id=one, by=SOMEBODY, now=MONDAY) for one in many)
    )
    assert sorted(isinstance(one, CourseFull) for one in results) == [False] + [True] * 5
    view = seen(session, course_id)
    assert (view.taken, view.waiting) == (1, 0)


def test_a_seat_given_back_goes_to_one_while_others_sign_up(app, session, sample_ring, data):
    course_id = plan(session, replace(data, seats=1))
    first = sign_up(session, course_id, sample_ring.anna)
    sign_up(session, course_id, sample_ring.bernd, waits=True)
    many = [member(session, f"Member {number}") for number in range(3)]
    off, *results = all_at_once(
        app,
        partial(seats.sign_off, course_id=course_id, signup_id=first, by=SOMEBODY, now=MONDAY),
        *(partial(seats.sign_up, course_id=course_id, member_id=one, by=SOMEBODY, now=MONDAY) for one in many),
    )
    assert off is None
    assert [type(one) for one in results] == [CourseFull] * 3
    assert [(one.name, one.seat) for one in course_queries.signups(session, course_id)] == [("Bernd", 1)]


def test_who_was_there_gets_the_induction_once(app, session, sample_ring, saw, data):
    kind_id = saw[0]
    with write_transaction(session):
        for one in (sample_ring.bernd, sample_ring.anna):
            induction_wishes.ask(session, one, kind_id, by=SOMEBODY, now=MONDAY)
    course_id = plan(session, data)
    anna = sign_up(session, course_id, sample_ring.anna, person=Person("Antonia"))
    bernd = sign_up(session, course_id, sample_ring.bernd)
    with pytest.raises(WrongStatus) as early:
        enter(session, course_id, {anna: True}, now=MONDAY)
    assert early.value.facts["status"] == "not_started"
    with pytest.raises(WrongStatus):
        sign_up(session, course_id, member(session, "Carla"), now=AFTER)

    was_present = {anna: True, bernd: False}
    results = all_at_once(
        app, *[lambda session: attendance.enter(session, course_id, was_present, by=SOMEBODY, now=AFTER)] * 3
    )
    assert sorted(results) == [0, 0, 1]
    given = session.execute(
        select(Induction.person_name, Induction.given_on, Induction.valid_until, Induction.given_by).where(
            Induction.kind_id == kind_id, Induction.member_id != saw[1]
        )
    ).all()
    assert given == [("Antonia", date(2026, 11, 30), date(2027, 11, 30), "Theo")]
    assert seen(session, course_id).held_at == AFTER
    assert _open_wishes(session) == [("Bernd", 1)]
    with pytest.raises(RecordRefused) as refused:
        enter(session, course_id, {anna: False, 999: True})
    assert [one.rule for one in refused.value.violations] == ["induction_given", "missing"]
    assert enter(session, course_id, {bernd: True}) == 1
    assert _open_wishes(session) == []
    with pytest.raises(WrongStatus) as held, write_transaction(session):
        planning.cancel(session, course_id, by=SOMEBODY, now=AFTER)
    assert held.value.facts["status"] == "course_held"


def _open_wishes(session):
    session.rollback()
    counts = {one.kind_id: one.count for one in induction_demand.demand(session, now=MONDAY)}
    return [(one.member_name, counts[one.kind_id]) for one in induction_demand.wishes(session, now=MONDAY)]


def test_members_ask_once_and_are_told_of_a_course_in_the_order_of_asking(app, session, sample_ring, saw, data):
    kind_id = saw[0]
    asking = partial(induction_wishes.ask, member_id=sample_ring.bernd, kind_id=kind_id, by=SOMEBODY, now=MONDAY)
    assert len(set(all_at_once(app, *[asking] * 3))) == 1
    with write_transaction(session):
        induction_wishes.ask(session, sample_ring.anna, kind_id, by=SOMEBODY, now=MONDAY + timedelta(hours=1))
        induction_wishes.ask(session, sample_ring.anna, sample_ring.laser_induction, by=SOMEBODY, now=MONDAY)
    course_id = plan(session, data)
    sign_up(session, course_id, sample_ring.anna)
    (first, second) = induction_demand.demand(session, now=MONDAY)
    assert (first.kind, first.count, first.oldest_at, first.signed_up) == ("Saw", 2, MONDAY, 1)
    assert (second.kind, second.count, second.signed_up) == ("Laser", 1, 0)
    offered = select(RecordedEvent.facts).where(RecordedEvent.type == "course_offered").order_by(RecordedEvent.id)
    assert [facts["member_id"] for facts in session.scalars(offered)] == [sample_ring.bernd, sample_ring.anna]
    with write_transaction(session):
        for _twice in range(2):
            induction_wishes.withdraw(session, sample_ring.bernd, kind_id, by=SOMEBODY, now=MONDAY)
    assert events(session, "induction_") == ["induction_asked"] * 3 + ["induction_wish_withdrawn"]


def test_an_induction_sent_twice_at_the_same_moment_is_one(app, session, sample_ring, saw):
    """Without the lock PostgreSQL stores two: each transaction looks before the other one has committed."""
    giving = partial(
        condition_changes.give_induction,
        member_id=sample_ring.bernd,
        kind_id=saw[0],
        given_on=date(2026, 11, 23),
        by=SOMEBODY,
        now=MONDAY,
    )
    assert len(set(all_at_once(app, *[giving] * 4))) == 1
    session.rollback()
    count = select(func.count()).where(Induction.member_id == sample_ring.bernd)
    assert session.scalar(count) == 1


def given_for(session, course_id):
    session.rollback()
    return [(one.was_present, one.induction_id) for one in course_queries.signups(session, course_id)]


def test_two_courses_of_one_day_give_one_induction(session, sample_ring, data):
    first = plan(session, data)
    second = plan(session, replace(data, span=hours(COURSE.start, 4, 6)))
    signups = [sign_up(session, one, sample_ring.anna) for one in (first, second)]
    assert enter(session, first, {signups[0]: True}) == 1
    assert enter(session, second, {signups[1]: True}, now=COURSE.start + timedelta(hours=5)) == 0
    (kept,) = given_for(session, first)
    assert kept[1] is not None
    assert given_for(session, second) == [(True, None)]


def test_who_was_entered_as_present_by_mistake_is_absent_once_the_induction_is_ended(session, sample_ring, data):
    course_id = plan(session, data)
    anna = sign_up(session, course_id, sample_ring.anna)
    enter(session, course_id, {anna: True})
    ((_there, induction_id),) = given_for(session, course_id)
    with pytest.raises(RecordRefused):
        enter(session, course_id, {anna: False})
    with write_transaction(session):
        condition_changes.end_induction(session, induction_id, last_day=None, by=SOMEBODY, now=AFTER)
    assert enter(session, course_id, {anna: False}) == 0
    assert given_for(session, course_id) == [(False, None)]
    assert enter(session, course_id, {anna: True}) == 1
    assert given_for(session, course_id)[0][1] not in (None, induction_id)


def test_who_left_the_ring_waits_for_no_induction(session, sample_ring, saw, data):
    kind_id = saw[0]
    with write_transaction(session):
        for one in (sample_ring.anna, sample_ring.bernd):
            induction_wishes.ask(session, one, kind_id, by=SOMEBODY, now=MONDAY)
        session.get_one(Member, sample_ring.bernd).left_on = MONDAY.date() - timedelta(days=1)
    assert [one.member_name for one in induction_demand.wishes(session, now=MONDAY)] == ["Anna"]
    assert [one.count for one in induction_demand.demand(session, now=MONDAY)] == [1]
    assert induction_demand.open_count(session, now=MONDAY) == 1
    plan(session, data)
    assert events(session).count("course_offered") == 1
    with pytest.raises(RecordRefused) as refused, write_transaction(session):
        induction_wishes.ask(session, sample_ring.bernd, kind_id, by=SOMEBODY, now=MONDAY)
    assert [(one.rule, one.field) for one in refused.value.violations] == [("member_left", "member_id")]


def test_a_machine_that_is_no_longer_lent_is_named_when_its_course_is_moved(session, data, saw):
    course_id = plan(session, data)
    with write_transaction(session):
        machines.retire(session, saw[2], by=SOMEBODY, now=MONDAY)
    change(session, course_id, replace(data, note="Bring gloves"))
    with pytest.raises(RecordRefused) as refused:
        change(session, course_id, replace(data, span=hours(COURSE.start, 24, 27)))
    assert [(one.rule, one.field) for one in refused.value.violations] == [("missing", "machine_ids")]
    change(session, course_id, replace(data, span=hours(COURSE.start, 24, 27), machine_ids=frozenset()))


def test_spaces_around_the_place_are_no_move(session, data):
    course_id = plan(session, data)
    change(session, course_id, replace(data, place=" Room 1 ", seats=3))
    changed = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "course_changed")).one()
    assert not changed["is_moved"]


def test_the_trainer_takes_no_seat_and_other_people_of_the_member_do(session, saw, data):
    course_id = plan(session, data)
    with pytest.raises(RecordRefused) as refused:
        sign_up(session, course_id, saw[1])
    assert [(one.rule, one.field) for one in refused.value.violations] == [("holds_course", "person")]
    sign_up(session, course_id, saw[1], person=Person("Eva"))
