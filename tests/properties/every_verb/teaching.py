"""Induction courses: planned, changed, held and cancelled; who signs up, and who was there."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from booking.courses import attendance, losses, planning, seats
from booking.courses.planning import CourseInput
from booking.kernel.transaction import write_transaction
from booking.members import inductions
from booking.models import CourseMachine, CourseSignup
from booking.models import Induction as StoredInduction
from booking.rules.persons import MEMBER_ITSELF, Level
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.properties.every_verb.course_model import Course, Signup
from tests.properties.every_verb.holdings import Induction
from tests.properties.every_verb.steps import Steps, lengths, numbers, span, starts, wall, which, who

closed_for_it = st.sampled_from([(), ("lathe",), ("press", "lathe"), ("saw",)])
how_many = st.integers(0, 3)


class Teaching(Steps):
    """Courses."""

    def __init__(self) -> None:
        super().__init__()
        self.trainer = member(self.session, f"theo-{next(numbers)}")
        with write_transaction(self.session):
            self.trainers_induction = inductions.give(
                self.session, self.trainer, self.kind, by=SOMEBODY, now=MONDAY, **self.as_trainer
            )

    @rule(start=starts, length=lengths, number=how_many, names=closed_for_it)
    def plan_course(self, start, length, number, names):
        since = self.from_next(start)
        until, ids = since + length * 60, {self.ids[name] for name in names}
        expected = self.ring.plan_course(since, until, number, ids)
        made = self.attempt(expected, planning.plan, self.course_input(since, until, number, ids), reason="Course")
        if made is not None:
            self.ring.courses[made] = Course(since, until, number)
            self.ring.close_for_course(made, self.closures_for(made))
            assert self.ring.courses[made].closures.keys() == ids
            self.done(machines=ids)

    def course_input(self, since, until, number, ids):
        return CourseInput(
            self.kind, self.hall, span(since, until), number, self.trainer, MEMBER_ITSELF, frozenset(ids)
        )

    def closures_for(self, course_id):
        self.session.rollback()
        found = select(CourseMachine.machine_id, CourseMachine.blocking_id).where(CourseMachine.course_id == course_id)
        return dict(self.session.execute(found).all())

    has_courses = precondition(lambda self: self.ring.courses)

    def course_of(self, index):
        id_ = self.prefer(self.ring.courses, index, lambda each: self.ring.is_open(self.ring.courses[each]))
        return id_, self.ring.courses[id_]

    @has_courses
    @rule(index=which, start=starts, length=lengths, number=how_many, names=closed_for_it)
    def change_course(self, index, start, length, number, names):
        id_, one = self.course_of(index)
        since = self.from_next(start)
        until, ids = since + length * 60, {self.ids[name] for name in names}
        expected, is_news = self.ring.change_course(id_, since, until, number, ids)
        former, concerned = set(one.closures), one.members
        self.attempt(expected, planning.change, id_, self.course_input(since, until, number, ids), reason="Course")
        if expected is None:
            if (since, until) != (one.start, one.end):
                one.has_lost_trainer = False
            one.start, one.end, one.seats = since, until, number
            self.ring.close_for_course(id_, self.closures_for(id_))
            one.fill()
            self.done(is_news=is_news, machines=former ^ ids, members=concerned if is_news else ())

    @has_courses
    @rule(index=which)
    def cancel_course(self, index):
        id_, one = self.course_of(index)
        is_again = one.state == "cancelled"
        expected = "wrong_status" if one.state == "held" else None
        self.attempt(expected, planning.cancel, id_)
        if expected is None:
            if not is_again and one.end > self.ring.now:
                for closure in one.closures.values():
                    self.ring.closures[closure].is_lifted = True
            one.state = "cancelled"
            self.done(is_news=not is_again, members=() if is_again else one.members)

    @has_courses
    @rule(index=which, whose=who, waits=st.booleans())
    def sign_up(self, index, whose, waits):
        id_, one = self.course_of(index)
        whose = self.members[whose]
        expected, known = self.ring.sign_up(id_, whose, waits)
        made = self.attempt(expected, seats.sign_up, id_, whose, waits=waits)
        if made is not None:
            assert known in (None, made)
            if known is None:
                one.signups[made] = Signup(whose, is_seated=len(one.seated) < one.seats)
            self.done(is_news=known is None, members=[whose] * (known is None))

    @precondition(lambda self: any(one.signups for one in self.ring.courses.values()))
    @rule(index=which, which_one=which)
    def sign_off(self, index, which_one):
        with_people = [number for number, one in self.ring.courses.items() if one.signups]
        id_ = self.prefer(with_people, index, lambda each: bool(self.ring.courses[each].members))
        one = self.ring.courses[id_]
        signup_id = self.prefer(one.signups, which_one, lambda each: not one.signups[each].has_left)
        is_joinable = self.ring.is_open(one) and one.start > self.ring.now
        is_again = one.signups[signup_id].has_left
        expected = None if is_again or is_joinable else "wrong_status"
        self.attempt(expected, seats.sign_off, id_, signup_id)
        if expected is None:
            one.signups[signup_id].has_left, one.signups[signup_id].is_seated = True, False
            one.fill()
            self.done(is_news=not is_again, members=[one.signups[signup_id].member] * (not is_again))

    @has_courses
    @rule(index=which, waits=st.booleans(), are_there=st.lists(st.booleans(), min_size=3, max_size=3))
    def enter_attendance(self, index, waits, are_there):
        """Enter who was there, of all who have a seat; waits: until the course has begun."""
        id_, one = self.course_of(index)
        if waits:
            self.ring.now = max(self.ring.now, one.start)
        present = dict(zip(one.seated, are_there, strict=False))
        expected = self.ring.enter_attendance(id_, present)
        self.attempt(expected, attendance.enter, id_, present)
        if expected is not None:
            return
        changed = [number for number, is_there in present.items() if one.signups[number].was_present is not is_there]
        for number in changed:
            one.signups[number].was_present = present[number]
            self.note_induction(id_, one, number)
        one.state = "held" if changed else one.state
        self.done(is_news=bool(changed), members=one.members if changed else ())

    def note_induction(self, course_id, one, number):
        """Take over the induction that who was there has from the day of the course on, from this course or another."""
        signup = one.signups[number]
        signup.induction = self.session.get(CourseSignup, number, populate_existing=True).induction_id
        if not signup.was_present:
            assert signup.induction is None
            return
        day = self.ring.day_of(one.start)
        if signup.induction is not None:
            row = self.session.get(StoredInduction, signup.induction)
            last = (row.valid_until - wall(0).date()).days
            assert ((row.given_on - wall(0).date()).days, row.member_id) == (day, signup.member)
            self.ring.inductions[row.id] = Induction(signup.member, day, last)
        mine = [each for each in self.ring.inductions.values() if each.member == signup.member and not each.has_ended]
        assert any(each.first <= day <= each.last for each in mine)

    @rule()
    def trainer_stops_or_starts(self):
        """End the induction of the trainer, or give it once more."""
        if self.ring.has_trainer:
            self.attempt(None, inductions.end, self.trainers_induction, last_day=None)
        else:
            self.trainers_induction = self.attempt(None, inductions.give, self.trainer, self.kind, **self.as_trainer)
        self.ring.has_trainer = not self.ring.has_trainer
        self.done()

    @property
    def as_trainer(self):
        day = MONDAY.date()
        return {"given_on": day, "valid_until": day + timedelta(days=3_000), "level": Level.TRAINER}

    @has_courses
    @rule(index=which)
    def note_trainer_lost(self, index):
        id_, one = self.course_of(index)
        is_news = one.state == "planned" and not one.has_lost_trainer and not self.ring.has_trainer
        assert self.attempt(None, losses.note_trainer_lost, id_) == is_news
        one.has_lost_trainer = one.has_lost_trainer or is_news
        self.done(is_news=is_news, members=one.members if is_news else ())

    def compare(self):
        """Compare who has a seat too."""
        super().compare()
        found = select(CourseSignup.id, CourseSignup.seat, CourseSignup.left_at, CourseSignup.was_present)
        rows = self.session.execute(found.where(CourseSignup.course_id.in_(self.ring.courses))).all()
        assert {row.id: (row.seat is not None, row.left_at is not None, row.was_present) for row in rows} == {
            number: (one.is_seated, one.has_left, one.was_present)
            for course in self.ring.courses.values()
            for number, one in course.signups.items()
        }
