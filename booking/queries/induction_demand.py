"""The demand for inductions: how many members ask for which kind, and who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from booking.models import Course, CourseSignup, InductionKind, InductionWish, Member
from booking.records.price_classes import ring_today


@dataclass(frozen=True, slots=True)
class DemandView:
    """How many members asked for a kind of induction, since when, and how many of them have a course to come."""

    kind_id: int
    kind: str
    count: int
    oldest_at: datetime
    signed_up: int


@dataclass(frozen=True, slots=True)
class WishView:
    """A member that asked for an induction."""

    id: int
    member_id: int
    member_name: str
    member_number: str
    kind_id: int
    kind: str
    asked_at: datetime


def _is_open(session: Session, now: datetime) -> ColumnElement[bool]:
    """Return whether a wish is open and its member has not left, to be joined with Member."""
    return InductionWish.closed_at.is_(None) & or_(Member.left_on.is_(None), Member.left_on >= ring_today(session, now))


def demand(session: Session, *, now: datetime) -> tuple[DemandView, ...]:
    """Return how many members ask for each kind of induction; the kind that was asked for first comes first.

    Members who left are not counted.
    """
    has_course = (
        select(CourseSignup.id)
        .join(Course, Course.id == CourseSignup.course_id)
        .where(
            CourseSignup.member_id == InductionWish.member_id,
            Course.kind_id == InductionWish.kind_id,
            CourseSignup.left_at.is_(None),
            Course.cancelled_at.is_(None),
            Course.held_at.is_(None),
            Course.ends_at > now,
        )
        .correlate(InductionWish)
        .exists()
    )
    rows = session.execute(
        select(
            InductionWish.kind_id,
            InductionKind.name,
            func.count(),
            func.min(InductionWish.asked_at, type_=InductionWish.asked_at.type),
            func.count().filter(has_course),
        )
        .join(InductionKind, InductionKind.id == InductionWish.kind_id)
        .join(Member, Member.id == InductionWish.member_id)
        .where(_is_open(session, now))
        .group_by(InductionWish.kind_id, InductionKind.name)
        .order_by(func.min(InductionWish.id))
    )
    return tuple(DemandView(*row) for row in rows)


def wishes(
    session: Session,
    *,
    now: datetime,
    kind_id: int | None = None,
    member_id: int | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[WishView, ...]:
    """Return who asks for an induction, the oldest wish first; members who left do not."""
    wanted = [_is_open(session, now)]
    if kind_id is not None:
        wanted.append(InductionWish.kind_id == kind_id)
    if member_id is not None:
        wanted.append(InductionWish.member_id == member_id)
    rows = session.execute(
        select(
            InductionWish.id,
            InductionWish.member_id,
            Member.name,
            Member.number,
            InductionWish.kind_id,
            InductionKind.name,
            InductionWish.asked_at,
        )
        .join(Member, Member.id == InductionWish.member_id)
        .join(InductionKind, InductionKind.id == InductionWish.kind_id)
        .where(*wanted)
        .order_by(InductionWish.id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(WishView(*row) for row in rows)


def open_count(session: Session, *, now: datetime) -> int:
    """Return how many wishes for an induction are open; those of members who left are not counted."""
    waiting = select(func.count()).join_from(InductionWish, Member, Member.id == InductionWish.member_id)
    return session.scalar(waiting.where(_is_open(session, now))) or 0
