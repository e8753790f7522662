"""The link of a mail by which who asked for an induction signs up for one course without a log-in. Stored hashed.

It signs up one person, the login that the mail went to, else the member itself; it is dead as long as that one is
signed up, and once nobody can sign up any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from app.auth import member_logins, memberships
from app.auth.errors import LinkNotValid
from app.auth.models import User
from app.mail.links import absolute
from app.notifications.models import CourseLink
from app.notifications.recipients import Recipient
from booking.courses import seats
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token
from booking.models import CourseSignup, Member
from booking.queries import courses as course_queries
from booking.rules.persons import Person

PATH = "/sign-up/"
JOB = "course_link"  # who signs up where the member has no login


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that works: its course, and who is signed up by it."""

    course_id: int
    member_id: int
    person: Person
    by: Actor


def create(session: Session, course_id: int, member_id: int, to: Recipient, *, now: datetime) -> str:
    """Return the address of a new link. Call inside write_transaction()."""
    secret = new_token()
    link = CourseLink(token_hash=hash_of(secret), course_id=course_id, member_id=member_id, created_at=now)
    link.user_id = to.user_id
    session.add(link)
    session.flush()
    return absolute(PATH + secret)


def find(session: Session, secret: str, *, now: datetime) -> FoundLink:
    """Return a link by which one can sign up. Raises LinkNotValid.

    It ends when its login is disabled or acts for another member, and when the member leaves.
    """
    row = _row(session, secret, now)
    if row is None:
        raise LinkNotValid()
    person = member_logins.person_named(session, row.member_id, row.name or "")
    same = CourseSignup.course_id == row.course_id, CourseSignup.member_id == row.member_id
    is_there = select(CourseSignup.id).where(
        *same, CourseSignup.person_key == person.key, CourseSignup.left_at.is_(None)
    )
    if session.scalar(is_there) is not None or not course_queries.course(session, row.course_id).is_open(now):
        raise LinkNotValid()
    by = Actor(user_id=row.user_id) if row.user_id is not None else Actor(job=JOB)
    return FoundLink(row.course_id, row.member_id, person, by)


def ended_course(session: Session, secret: str, *, now: datetime) -> tuple[int, int] | None:
    """Return course and member of a link that has ended with it; None for no such link."""
    row = _row(session, secret, now)
    return None if row is None else (row.course_id, row.member_id)


def is_known(session: Session, secret: str) -> bool:
    """Return whether a link was made, though it may have ended: who follows it late guesses nothing."""
    return session.scalar(select(CourseLink.id).where(CourseLink.token_hash == hash_of(secret))) is not None


def sign_up(session: Session, secret: str, *, waits: bool, now: datetime) -> int:
    """Sign up by a link; return the sign-up. Call inside write_transaction().

    Raises LinkNotValid, and as seats.sign_up().
    """
    link = find(session, secret, now=now)
    return seats.sign_up(session, link.course_id, link.member_id, link.person, waits=waits, by=link.by, now=now)


def _row(session: Session, secret: str, now: datetime) -> Row[int, int, int | None, str | None] | None:
    today = memberships.ring_day(now)
    return session.execute(
        select(CourseLink.course_id, CourseLink.member_id, CourseLink.user_id, User.name)
        .join(Member, Member.id == CourseLink.member_id)
        .outerjoin(User, User.id == CourseLink.user_id)
        .where(
            CourseLink.token_hash == hash_of(secret),
            or_(Member.left_on.is_(None), Member.left_on >= today),
            or_(CourseLink.user_id.is_(None), (User.disabled_at.is_(None)) & (User.member_id == CourseLink.member_id)),
        )
    ).one_or_none()
