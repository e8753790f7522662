"""Planning, changing and cancelling induction courses.

A course takes its machines by closures of its own, through the same writer and guard as everything else that takes
time. Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.closures import blockings
from booking.courses import seats
from booking.courses.trainers import trainers
from booking.errors.schedule_errors import Violation, WrongStatus
from booking.events.course_events import CourseCancelled, CourseChanged, CourseOffered, CoursePlanned
from booking.events.reservation_events import to_timestamp
from booking.kernel import revisions
from booking.kernel.events import Actor, record, record_all
from booking.models import (
    SEATS_MAX,
    Blocking,
    Course,
    CourseMachine,
    InductionKind,
    InductionWish,
    Machine,
    Member,
    Workshop,
)
from booking.places import occupancies
from booking.records import records, schedule_versions
from booking.records.price_classes import ring_today
from booking.rules.persons import Person
from booking.timespan import TimeSpan

DAYS_MAX = 31  # from the start of a course to its end
MACHINES_MAX = 50
LENGTHS_MAX = {"place": 200, "price_note": 200, "note": 2_000}


@dataclass(frozen=True, slots=True)
class CourseInput:
    """What is entered of a course. trainer: the person of the trainer's member."""

    kind_id: int
    workshop_id: int
    span: TimeSpan
    seats: int
    trainer_member_id: int
    trainer: Person
    machine_ids: frozenset[int] = frozenset()
    place: str = ""
    price_note: str = ""
    note: str = ""

    @property
    def trainer_key(self) -> tuple[int, str]:
        """Who the trainer is, however the name is written."""
        return self.trainer_member_id, self.trainer.key

    @classmethod
    def of(cls, course: Course, machine_ids: Collection[int]) -> CourseInput:
        """Return a course as it is stored."""
        return cls(
            course.kind_id,
            course.workshop_id,
            TimeSpan(course.starts_at, course.ends_at),
            course.seats,
            course.trainer_member_id,
            Person(course.trainer_name, course.trainer_user_id),
            frozenset(machine_ids),
            course.place,
            course.price_note,
            course.note,
        )


def plan(session: Session, data: CourseInput, *, reason: str, by: Actor, now: datetime) -> int:
    """Plan a course and return its id; who asked for such an induction is told. reason: of the closures.

    Raises RecordRefused (missing, past, at_least, at_most, no_trainer, machine_elsewhere), MachineNotFound, SlotTaken.
    """
    occupancies.lock_machines(session, data.machine_ids)
    records.refuse(_check(session, data, now))
    course = Course(kind_id=data.kind_id, workshop_id=data.workshop_id, created_at=now, created_by=by.user_id)
    _write(course, data)
    session.add(course)
    session.flush()
    seats.set_number(session, course.id, 0, data.seats)
    _take(session, course, data.machine_ids, reason, by, now)
    record(session, CoursePlanned.of(course), by=by, at=now)
    _offer(session, course, by, now)
    schedule_versions.bump(session, member_ids=[course.trainer_member_id], machine_ids=())
    return course.id


def change(
    session: Session,
    course_id: int,
    data: CourseInput,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change a course that is to come or under way; its kind and workshop stay. Moved, it tells who signed up.

    Raises CourseNotFound, StaleRevision, WrongStatus (course_cancelled, course_held, over), RecordRefused (as plan();
    at_least: more people signed up than there would be seats), MachineNotFound, SlotTaken.
    """
    course = seats.locked(session, course_id, revision)
    seats.require_open(course, now)
    closures = _lock_closures(session, course_id)
    old = CourseInput.of(course, closures)
    occupancies.lock_machines(session, {*closures, *data.machine_ids})
    records.refuse(_check(session, data, now, stored=old) + seats.check_number(session, course_id, data.seats))
    if old == data:
        return
    seats.set_number(session, course_id, course.seats, data.seats)
    _write(course, data)
    course.changed_at = now
    if (old.trainer_key, old.span) != (data.trainer_key, data.span):
        course.trainer_lost_at = None  # may be another answer; of anything else nobody is told once more
    course.revision += 1
    session.flush()
    _hold_others(session, course, closures, old.span, data, reason, by, now)
    record(session, _changed(course, old, data), by=by, at=now)
    seats.fill(session, course, by=by, now=now)
    seats.bump_all(session, course, old.trainer_member_id)


def _changed(course: Course, old: CourseInput, data: CourseInput) -> CourseChanged:
    return CourseChanged.of(
        course,
        old_starts_at=to_timestamp(old.span.start),
        old_ends_at=to_timestamp(old.span.end),
        is_moved=(old.span, old.place) != (data.span, course.place),
        is_other_trainer=old.trainer_key != data.trainer_key,
        former_trainer_member_id=old.trainer_member_id,
        former_trainer_user_id=old.trainer.user_id,
    )


def cancel(
    session: Session, course_id: int, *, reason: str = "", by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Cancel a course; its machines are free at once, and who signed up is told. Sent twice, it is cancelled once.

    Raises CourseNotFound, StaleRevision, WrongStatus (course_held), RecordRefused (at_most).
    """
    course = seats.locked(session, course_id)
    if course.cancelled_at is not None:
        return
    revisions.require_revision(revision, course.revision)
    if course.held_at is not None:
        raise WrongStatus(status="course_held", wanted=["planned"])
    if len(reason) > LENGTHS_MAX["note"]:
        records.refuse([Violation("at_most", "reason", limit=LENGTHS_MAX["note"], actual=len(reason))])
    closures = _lock_closures(session, course_id)
    occupancies.lock_machines(session, closures)
    course.cancelled_at, course.cancel_reason = now, reason.strip()
    course.revision += 1
    session.flush()
    if course.ends_at > now:
        for _machine_id, closure_id in sorted(closures.items()):
            blockings.lift(session, closure_id, by=by, now=now, course_id=course_id)
    record(session, CourseCancelled.of(course), by=by, at=now)
    seats.bump_all(session, course)


def _check(session: Session, data: CourseInput, now: datetime, stored: CourseInput | None = None) -> list[Violation]:
    """Return what is wrong. stored: what need not be judged again where it stays."""
    violations = records.check_lengths(data, LENGTHS_MAX)
    violations += _check_record(session, data)
    if not 1 <= data.seats <= SEATS_MAX:
        rule, limit = ("at_least", 1) if data.seats < 1 else ("at_most", SEATS_MAX)
        violations.append(Violation(rule, "seats", limit=limit, actual=data.seats))
    if data.span.end <= now:
        violations.append(Violation("past", "end", limit=now, actual=data.span.end))
    if data.span.length > timedelta(days=DAYS_MAX):
        days = -(-data.span.length // timedelta(days=1))
        violations.append(Violation("course_days", "end", limit=DAYS_MAX, actual=days))
    if violations:
        return violations
    return _check_trainer(session, data, stored) + _check_machines(session, data, stored)


def _check_record(session: Session, data: CourseInput) -> list[Violation]:
    violations = []
    if session.get(InductionKind, data.kind_id) is None:
        violations.append(Violation("missing", "kind_id"))
    if session.get(Workshop, data.workshop_id) is None:
        violations.append(Violation("missing", "workshop_id"))
    if len(data.machine_ids) > MACHINES_MAX:
        violations.append(Violation("at_most", "machine_ids", limit=MACHINES_MAX, actual=len(data.machine_ids)))
    return violations


def _check_trainer(session: Session, data: CourseInput, stored: CourseInput | None) -> list[Violation]:
    wanted = (data.trainer_member_id, data.trainer.key)
    day = seats.day_of(session, data.workshop_id, data.span.start)
    is_same = stored is not None and wanted == (stored.trainer_member_id, stored.trainer.key)
    if is_same and stored is not None and day == seats.day_of(session, stored.workshop_id, stored.span.start):
        return []
    found = trainers(session, data.kind_id, day)
    if any(wanted == (one.member_id, one.person.key) for one in found):
        return []
    names = ", ".join(one.name for one in found[:12])
    return [Violation("no_trainer", "trainer", limit=names or None, actual=day)]


def _check_machines(session: Session, data: CourseInput, stored: CourseInput | None) -> list[Violation]:
    """Return machine_elsewhere (actual: the name), or missing, for machines that are not lent at the workshop.

    Those that a course has already are judged where they would be closed for another time.
    """
    stays = stored.machine_ids if stored is not None and stored.span == data.span else frozenset()
    wanted = data.machine_ids - stays
    columns = (Machine.id, Machine.name, Machine.workshop_id, Machine.retired_at)
    found = {row.id: row for row in session.execute(select(*columns).where(Machine.id.in_(wanted)))}
    lacking = [
        Violation("missing", "machine_ids", actual=one)
        for one in sorted(wanted)
        if one not in found or found[one].retired_at is not None
    ]
    elsewhere = (row for row in found.values() if row.workshop_id != data.workshop_id)
    return lacking + [Violation("machine_elsewhere", "machine_ids", actual=row.name) for row in elsewhere]


def _write(course: Course, data: CourseInput) -> None:
    course.starts_at, course.ends_at = data.span.start, data.span.end
    course.seats, course.place = data.seats, data.place.strip()
    course.price_note, course.note = data.price_note.strip(), data.note.strip()
    course.trainer_member_id = data.trainer_member_id
    course.trainer_name, course.trainer_user_id = " ".join(data.trainer.name.split()), data.trainer.user_id


def _lock_closures(session: Session, course_id: int) -> dict[int, int]:
    """Lock the closures of a course in the order of their ids; return them by machine."""
    of_course = select(CourseMachine.machine_id, CourseMachine.blocking_id).where(CourseMachine.course_id == course_id)
    found = {row.machine_id: row.blocking_id for row in session.execute(of_course)}
    session.execute(select(Blocking.id).where(Blocking.id.in_(found.values())).order_by(Blocking.id).with_for_update())
    return found


def _take(
    session: Session, course: Course, machine_ids: Collection[int], reason: str, by: Actor, now: datetime
) -> None:
    """Close locked machines for a course. Raises MachineNotFound, SlotTaken."""
    span = TimeSpan(course.starts_at, course.ends_at)
    for machine_id in sorted(machine_ids):
        closure_id = blockings.enter(session, machine_id, span, reason, by=by, now=now)
        session.add(CourseMachine(course_id=course.id, machine_id=machine_id, blocking_id=closure_id))
    session.flush()


def _hold_others(
    session: Session,
    course: Course,
    closures: Mapping[int, int],
    old_span: TimeSpan,
    data: CourseInput,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """Close the machines of a changed course for its time, and give back those that it no longer needs."""
    for machine_id, closure_id in sorted(closures.items()):
        if machine_id in data.machine_ids:
            if old_span != data.span:
                blockings.change(session, closure_id, data.span, reason, by=by, now=now, course_id=course.id)
            continue
        blockings.lift(session, closure_id, by=by, now=now, course_id=course.id)
        session.delete(session.get_one(CourseMachine, (course.id, machine_id)))
    session.flush()
    _take(session, course, data.machine_ids - set(closures), reason, by, now)


def _offer(session: Session, course: Course, by: Actor, now: datetime) -> None:
    """Record for each member who asked for such an induction that there is a course; those who asked first first."""
    wishes = (
        select(InductionWish.member_id)
        .join(Member, Member.id == InductionWish.member_id)
        .where(InductionWish.kind_id == course.kind_id, InductionWish.closed_at.is_(None))
        .where(or_(Member.left_on.is_(None), Member.left_on >= ring_today(session, now)))
    )
    member_ids = session.scalars(wishes.order_by(InductionWish.id)).all()
    if member_ids:
        record_all(session, [CourseOffered.of(course, member_id=one) for one in member_ids], by=by, at=now)
