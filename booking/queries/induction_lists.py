"""Inductions in the order of their ids, for programs; and those that expire soon."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from booking.models import Induction, Member
from booking.queries.inductions import VIEWS, InductionView, reserve_in

_later = aliased(Induction)
_LATER = select(_later.id)


def inductions_by_id(
    session: Session,
    *,
    member_id: int | None = None,
    kind_id: int | None = None,
    valid_on: date | None = None,
    workshop_ids: Collection[int] | None = None,
    or_member_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> tuple[InductionView, ...]:
    """Return inductions by their ids. workshop_ids: of members who have reserved there, or are or_member_id."""
    wanted: list[ColumnElement[bool]] = []
    if member_id is not None:
        wanted.append(Induction.member_id == member_id)
    if kind_id is not None:
        wanted.append(Induction.kind_id == kind_id)
    if valid_on is not None:
        wanted += [Induction.given_on <= valid_on, Induction.valid_until >= valid_on, Induction.ended_at.is_(None)]
    if workshop_ids is not None and not workshop_ids and or_member_id is not None:
        wanted.append(Induction.member_id == or_member_id)  # by the index of members, not looking at all inductions
    elif workshop_ids is not None:
        known = reserve_in(workshop_ids)
        wanted.append(known if or_member_id is None else known | (Member.id == or_member_id))
    if after is not None:
        wanted.append(Induction.id > after)
    rows = session.execute(VIEWS.where(*wanted).order_by(Induction.id).limit(limit))
    return tuple(InductionView(*row) for row in rows)


def expiring(
    session: Session,
    first: date,
    last: date,
    *,
    workshop_ids: Collection[int] | None = None,
    is_untold: bool = False,
    limit: int = 50,
) -> tuple[InductionView, ...]:
    """Return the inductions whose last day is one of some days and that nothing follows, those that end first first.

    Nothing: no other one of the same member and kind that is valid longer, of the same person or, as that holds for
    everybody, of the member itself. workshop_ids: as in inductions().
    is_untold: those of whose last day the member was not reminded.
    """
    later = _LATER.where(
        _later.member_id == Induction.member_id,
        _later.kind_id == Induction.kind_id,
        or_(_later.person_name == "", func.lower(_later.person_name) == func.lower(Induction.person_name)),
        _later.valid_until > Induction.valid_until,
        _later.ended_at.is_(None),
    )
    wanted: list[ColumnElement[bool]] = [
        Induction.valid_until.between(first, last),
        Induction.ended_at.is_(None),
        Member.left_on.is_(None) | (Member.left_on > Induction.valid_until),
        ~later.correlate(Induction).exists(),
    ]
    if workshop_ids is not None:
        wanted.append(reserve_in(workshop_ids))
    if is_untold:
        wanted.append(Induction.reminded_until.is_distinct_from(Induction.valid_until))
    rows = session.execute(VIEWS.where(*wanted).order_by(Induction.valid_until, Induction.id).limit(limit))
    return tuple(InductionView(*row) for row in rows)
