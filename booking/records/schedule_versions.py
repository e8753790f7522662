"""Schedule versions: a number of each member and machine that grows with every change of its schedule.

A copy of a schedule (a feed, a plan board) is out of date when the number has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import Course, CourseSignup, Machine, Member, Reservation


def _increment(table: Table) -> PreparedStatement:
    one = update(table).where(table.c.id == bindparam("record_id"))
    return PreparedStatement(one.values(schedule_version=table.c.schedule_version + 1))


_INCREMENT_MEMBER, _INCREMENT_MACHINE = _increment(table_of(Member)), _increment(table_of(Machine))


def bump(session: Session, *, member_ids: Iterable[int], machine_ids: Iterable[int]) -> None:
    """Increment the version of each of these schedules once. The last write of a use case.

    Members are updated before machines and each in id order, so that two use cases cannot deadlock.
    """
    connection = session.connection()
    for increment, ids in ((_INCREMENT_MEMBER, member_ids), (_INCREMENT_MACHINE, machine_ids)):
        for record_id in sorted(set(ids)):
            increment.run(connection, {"record_id": record_id})


def note_moved_away(session: Session, machine_id: int, now: datetime) -> None:
    """Note that a reservation left the schedule of a machine for another one; no row of it says so any more.

    Call after its version was incremented, which locked the row.
    """
    session.execute(update(table_of(Machine)).where(table_of(Machine).c.id == machine_id).values(moved_away_at=now))


def bump_for_renamed_machine(session: Session, machine_id: int) -> None:
    """Increment the versions of a machine and of every member who ever reserved it.

    For a change of what its calendar entries show: its name, place or hours.
    """
    session.execute(
        update(Member)
        .where(Member.id.in_(select(Reservation.member_id).where(Reservation.machine_id == machine_id)))
        .values(schedule_version=Member.schedule_version + 1)
        .execution_options(synchronize_session=False)
    )
    bump(session, member_ids=[], machine_ids=[machine_id])


def bump_for_renamed_courses(session: Session, of: ColumnElement[bool]) -> None:
    """Increment the versions of who holds induction courses, or takes part in them. of: a condition on the courses.

    For a change of what their calendar entries show: the name of the kind, or name, address and zone of the workshop.
    """
    seated = select(CourseSignup.member_id).join(Course, Course.id == CourseSignup.course_id)
    concerned = or_(
        Member.id.in_(select(Course.trainer_member_id).where(of)),
        Member.id.in_(seated.where(of, CourseSignup.left_at.is_(None))),
    )
    session.execute(
        update(Member)
        .where(concerned)
        .values(schedule_version=Member.schedule_version + 1)
        .execution_options(synchronize_session=False)
    )
