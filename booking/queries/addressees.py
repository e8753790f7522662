"""Who documents go to: members with their addresses, and those whose address is not complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.addresses import Address
from booking.kernel.views import columns_of
from booking.models import Member, Ring


@dataclass(frozen=True, slots=True)
class Addressee:
    """A member as documents name it. email: of the member itself."""

    id: int
    number: str
    name: str
    email: str
    left_on: date | None
    address: Address


@dataclass(frozen=True, slots=True)
class RingAddress:
    """The ring as documents name it."""

    name: str
    email: str
    address: Address


def addressees(session: Session, member_ids: Collection[int]) -> dict[int, Addressee]:
    """Return members by their ids."""
    rows = session.execute(select(*columns_of(Addressee, Member)).where(Member.id.in_(member_ids)))
    return {row[0]: Addressee(*row) for row in rows}


def email_of(member_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ScalarSelect[str]:
    """Return the e-mail address of a member as a part of a statement; "" for none."""
    return select(Member.email).where(Member.id == member_id).scalar_subquery()


def ring_address(session: Session) -> RingAddress:
    """Return name and address of the ring; empty before set-up."""
    row = session.execute(select(*columns_of(RingAddress, Ring))).one_or_none()
    return RingAddress(*row) if row is not None else RingAddress("", "", Address())


def without_address(session: Session, *, limit: int, offset: int = 0) -> tuple[tuple[Addressee, ...], bool]:
    """Return a page of the members to whom no document could be addressed, by number, and whether there are more."""
    empty: ColumnElement[str] = literal_column("''")  # as the index of the few has it
    is_incomplete = (
        (Member.address_street == empty) | (Member.address_postcode == empty) | (Member.address_town == empty)
    )
    statement = select(*columns_of(Addressee, Member)).where(is_incomplete).order_by(Member.number, Member.id)
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(Addressee(*row) for row in rows[:limit]), len(rows) > limit
