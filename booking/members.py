"""The members of the ring: entering and changing them, and what the rules need to know of one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors import MemberNotFound
from booking.models import Induction, Member
from booking.rules import Standing


def standing_of(session: Session, member_id: int, induction_kind_id: int | None) -> Standing:
    """The member's inductions of one kind and day of leaving. Raises MemberNotFound."""
    row = session.execute(select(Member.left_on).where(Member.id == member_id)).one_or_none()
    if row is None:
        raise MemberNotFound(id=member_id)
    if induction_kind_id is None:
        return Standing(left_on=row.left_on)
    days = session.execute(
        select(Induction.given_on, Induction.valid_until).where(
            Induction.member_id == member_id, Induction.kind_id == induction_kind_id
        )
    ).all()
    return Standing(inducted=tuple((given_on, until) for given_on, until in days), left_on=row.left_on)
