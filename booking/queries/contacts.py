"""How the managers of a workshop reach members."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import Member


@dataclass(frozen=True, slots=True)
class MemberContact:
    """A member with phone and e-mail address, "" where there is none."""

    id: int
    name: str
    phone: str
    email: str


def member_contacts(session: Session, member_ids: Collection[int]) -> dict[int, MemberContact]:
    """Return the contacts of members by id; only their managers and administrators may see them."""
    statement = select(*columns_of(MemberContact, Member)).where(Member.id.in_(member_ids))
    return {row.id: MemberContact(*row) for row in session.execute(statement)}
