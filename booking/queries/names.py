"""The names of members, for pages and files that only have their ids; and their whole records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.members import MemberInput
from booking.models import FormerPriceClass, Member

FOUND_MAX = 25
GUEST_PRICE_CLASS = "guest"  # entered by the migration, as the standard one is


@dataclass(frozen=True, slots=True)
class MemberName:
    """A member by number and name. left_on: the last day of the membership, if it ended."""

    id: int
    number: str
    name: str
    left_on: date | None


def member_names(session: Session, member_ids: Collection[int] | None = None) -> tuple[MemberName, ...]:
    """Return members by number; all of them, or those of some ids (an empty collection matches nothing)."""
    statement = select(*columns_of(MemberName, Member))
    if member_ids is not None:
        statement = statement.where(Member.id.in_(member_ids))
    return tuple(MemberName(*row) for row in session.execute(statement.order_by(Member.number, Member.id)))


def find_members(
    session: Session, text: str, chosen: Collection[int] = (), *, day: date, limit: int = FOUND_MAX
) -> tuple[MemberName, ...]:
    """Return the members chosen so far, then the first others whose name or number has a text in it, by name.

    Without those whose membership ended before a day; who leaves later is still a member on it.
    """
    others = select(*columns_of(MemberName, Member)).where(Member.id.not_in(chosen), *_is_found(text, day))
    first = select(*columns_of(MemberName, Member)).where(Member.id.in_(chosen)).order_by(Member.name, Member.id)
    found = [*session.execute(first), *session.execute(others.order_by(Member.name, Member.id).limit(limit))]
    return tuple(MemberName(*row) for row in found)


def found_member_ids(session: Session, text: str, *, day: date, limit: int) -> tuple[int, ...]:
    """Return the ids of all members that find_members() finds by a text, by name, up to a limit."""
    statement = select(Member.id).where(*_is_found(text, day)).order_by(Member.name, Member.id)
    return tuple(session.scalars(statement.limit(limit)))


def _is_found(text: str, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    named = or_(Member.name.icontains(text, autoescape=True), Member.number.icontains(text, autoescape=True))
    return named, or_(Member.left_on.is_(None), Member.left_on >= day)


def members_of_class(session: Session, price_class: str, day: date) -> frozenset[int]:
    """Return the ids of the members who pay by a price class on a day of service."""
    former = (
        select(FormerPriceClass.price_class)
        .where(FormerPriceClass.member_id == Member.id, FormerPriceClass.held_until > day)
        .order_by(FormerPriceClass.held_until)
        .limit(1)
        .scalar_subquery()
    )
    return frozenset(session.scalars(select(Member.id).where(func.coalesce(former, Member.price_class) == price_class)))


def member_records(session: Session) -> tuple[MemberInput, ...]:
    """Return what is entered of each member, by number."""
    statement = select(*columns_of(MemberInput, Member)).order_by(Member.number)
    return tuple(MemberInput(*row) for row in session.execute(statement))


def members_matching(text: str) -> Select[int]:
    """Return the statement of the ids of the members with a text in their number or name."""
    return select(Member.id).where(
        or_(*(part.icontains(text, autoescape=True) for part in (Member.number, Member.name)))
    )
