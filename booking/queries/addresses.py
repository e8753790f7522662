"""Addresses in one line as a column, and those that wait to be split."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from booking.models import Member, Ring, Workshop


@dataclass(frozen=True, slots=True)
class UnsplitAddresses:
    """How many members and workshops, and whether the ring, have an address that is still free text."""

    members: int
    workshops: int
    is_rings: bool


def unsplit_addresses(session: Session) -> UnsplitAddresses:
    """Count the addresses that wait to be carried over into their fields; one statement."""
    # As the index of members has it: SQLite uses that for no parameter.
    empty: ColumnElement[str] = literal_column("''")
    counts = (select(func.count()).where(model.address_text != empty) for model in (Member, Workshop, Ring))
    members, workshops, rings = session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return UnsplitAddresses(members, workshops, bool(rings))


def address_line(owner: FromClause) -> ColumnElement[str]:
    """Return Address.one_line as a column. owner: a table with the columns of an address."""
    street, postcode, town = (owner.c[f"address_{part}"] for part in ("street", "postcode", "town"))
    town_line = func.trim(postcode + " " + town)
    return case(
        (and_(street != "", postcode != "", town != ""), street + ", " + postcode + " " + town),  # the usual one first
        (and_(street != "", or_(postcode != "", town != "")), street + ", " + town_line),
        (or_(street != "", postcode != "", town != ""), street + town_line),
        else_=func.replace(owner.c.address_text, "\n", ", "),
    )
