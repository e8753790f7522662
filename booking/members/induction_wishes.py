"""Wishes for an induction: members ask where they are refused for lack of one, and managers see how many wait.

A wish is open until its member has the induction, or takes it back. The database keeps one open wish for each member
and kind. Verbs flush and never commit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MemberNotFound, NotFound, Violation
from booking.events.course_events import InductionAsked, InductionWishWithdrawn
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor, record
from booking.kernel.orm import table_of
from booking.models import InductionKind, InductionWish, Member
from booking.records import records
from booking.records.price_classes import ring_today

_wish = table_of(InductionWish)


def ask(session: Session, member_id: int, kind_id: int, *, by: Actor, now: datetime) -> int:
    """Ask for an induction of a kind; return the id of the wish. Who asked already keeps that place in the order.

    Raises MemberNotFound, NotFound (kind), RecordRefused (member_left, by the day of the ring).
    """
    member = session.get(Member, member_id)
    if member is None:
        raise MemberNotFound(id=member_id)
    today = ring_today(session, now)
    if member.left_on is not None and member.left_on < today:
        records.refuse([Violation("member_left", "member_id", limit=member.left_on, actual=today)])
    if session.get(InductionKind, kind_id) is None:
        raise NotFound(id=kind_id)
    values = {"member_id": member_id, "kind_id": kind_id, "asked_at": now, "asked_by": by.user_id}
    is_new = insert_if_absent(session, InductionWish, **values)
    wish_id: int = session.scalars(select(_wish.c.id).where(*_open_of(member_id, kind_id))).one()
    if is_new:
        record(session, InductionAsked(wish_id=wish_id, member_id=member_id, kind_id=kind_id), by=by, at=now)
    return wish_id


def withdraw(session: Session, member_id: int, kind_id: int, *, by: Actor, now: datetime) -> None:
    """Take back that a member asks for an induction; nothing happens where it does not ask."""
    if (wish_id := close(session, member_id, kind_id, now=now)) is not None:
        record(session, InductionWishWithdrawn(wish_id=wish_id, member_id=member_id, kind_id=kind_id), by=by, at=now)


def close(session: Session, member_id: int, kind_id: int, *, now: datetime) -> int | None:
    """End the open wish of a member for a kind and return its id; None without one."""
    ended = update(_wish).where(*_open_of(member_id, kind_id)).values(closed_at=now)
    wish_id: int | None = session.scalar(ended.returning(_wish.c.id))
    return wish_id


def _open_of(member_id: int, kind_id: int) -> tuple[ColumnElement[bool], ...]:
    return _wish.c.member_id == member_id, _wish.c.kind_id == kind_id, _wish.c.closed_at.is_(None)
