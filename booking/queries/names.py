"""The names of members, for pages and files that only have their ids; and their whole records."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all
from sqlalchemy.orm import Session

from booking.kernel.search_patterns import is_text_in, search_pattern
from booking.kernel.transaction import is_writing
from booking.kernel.views import columns_of
from booking.members.members import MemberInput
from booking.models import FormerPriceClass, Member
from booking.queries.member_texts import ids_by_words, is_named

FOUND_MAX, FEW = 20, 20
SEARCH_LETTERS_MIN = 3
GUEST_PRICE_CLASS = "guest"  # entered by the migration, as the standard one is


@dataclass(frozen=True, slots=True)
class MemberName:
    """A member by number and name. left_on: the last day of the membership, if it ended."""

    id: int
    number: str
    name: str
    left_on: date | None

    def is_found_by(self, text: str) -> bool:
        """Return whether a search for a text finds the member; see find_members."""
        text = text.strip()
        if not is_enough_to_search(text):
            return text.lower() == self.number.lower()
        return is_text_in(text, self.name, self.number)


def member_names(session: Session, member_ids: Collection[int] | None = None) -> tuple[MemberName, ...]:
    """Return members by number; all of them, or those of some ids (an empty collection matches nothing)."""
    statement = select(*columns_of(MemberName, Member))
    if member_ids is not None:
        statement = statement.where(Member.id.in_(member_ids))
    return tuple(MemberName(*row) for row in session.execute(statement.order_by(Member.number, Member.id)))


@dataclass(frozen=True, slots=True)
class FoundMembers:
    """The answer to a search: who was chosen before, and who was found. has_more: more than FOUND_MAX were."""

    chosen: tuple[MemberName, ...]
    found: tuple[MemberName, ...]
    has_more: bool


def is_enough_to_search(text: str) -> bool:
    """Return whether a text has enough letters or digits to find members by a part of their name or number.

    Nothing else counts: a search passes over accents, and every number has the same sign in it.
    """
    return sum(char.isalnum() for char in unicodedata.normalize("NFKC", text)) >= SEARCH_LETTERS_MIN


def find_members(session: Session, text: str, chosen: Collection[int] = (), *, day: date) -> FoundMembers:
    """Return the members chosen so far, and the first others whose name or number has a text in it, by name.

    A shorter text than SEARCH_LETTERS_MIN finds only the member whose whole number it is, so that nobody can list the
    members. Without those whose membership ended before a day; who leaves later is still a member on it.
    """
    text, columns = text.strip(), columns_of(MemberName, Member)
    others = select(*columns).where(Member.id.not_in(chosen), *_is_found(session, text, day))
    first = select(*columns).where(Member.id.in_(chosen)).order_by(Member.name, Member.id)
    page = others.order_by(Member.name, Member.id).limit(FOUND_MAX + 1)
    found = [MemberName(*row) for row in session.execute(page)] if text else []
    before = tuple(MemberName(*row) for row in session.execute(first)) if chosen else ()
    return FoundMembers(before, tuple(found[:FOUND_MAX]), len(found) > FOUND_MAX)


def found_member_ids(session: Session, text: str, *, day: date, limit: int, may_list: bool) -> tuple[int, ...]:
    """Return the ids of all members that find_members() finds by a text, by name, up to a limit.

    may_list: whether no text finds everybody.
    """
    text = text.strip()
    if not text and not may_list:
        return ()
    found = _is_found(session, text, day) if text else (_is_member(day),)
    statement = select(Member.id).where(*found).order_by(Member.name, Member.id)
    return tuple(session.scalars(statement.limit(limit)))


def found_member_count(session: Session, text: str, *, day: date, limit: int, may_list: bool) -> int:
    """Return how many members found_member_ids() finds, up to a limit."""
    text = text.strip()
    if text:
        return len(session.scalars(select(Member.id).where(*_is_found(session, text, day)).limit(limit)).all())
    everybody = select(func.count()).select_from(Member).scalar_subquery()
    who_left = select(func.count()).where(Member.left_on < day).scalar_subquery()  # few, in an index of their own
    return min(session.scalar(select(everybody - who_left)) or 0, limit) if may_list else 0


def names_or_numbers(text: str) -> ColumnElement[bool]:
    """Return the condition on Member that its name or number has a text in it, however its umlauts are written."""
    return (Member.number + "\n" + Member.name).regexp_match(search_pattern(text))  # one call instead of two


def _is_found(session: Session, text: str, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    is_whole = not is_enough_to_search(text)
    return func.lower(Member.number) == text.lower() if is_whole else is_named(session, [text]), _is_member(day)


def _is_member(day: date) -> ColumnElement[bool]:
    return or_(Member.left_on.is_(None), Member.left_on >= day)


def members_of_class(session: Session, price_class: str, day: date) -> frozenset[int]:
    """Return the ids of the members who pay by a price class on a day of service."""
    # Few members had another class since: they are looked at one by one.
    have_changed = select(FormerPriceClass.member_id).where(FormerPriceClass.held_until > day)
    unchanged = select(Member.id).where(Member.price_class == price_class, Member.id.not_in(have_changed))
    former = (
        select(FormerPriceClass.price_class)
        .where(FormerPriceClass.member_id == Member.id, FormerPriceClass.held_until > day)
        .order_by(FormerPriceClass.held_until)
        .limit(1)
        .scalar_subquery()
    )
    changed = select(Member.id).where(Member.id.in_(have_changed), former == price_class)
    return frozenset(session.scalars(union_all(unchanged, changed)))


def member_records(session: Session) -> tuple[MemberInput, ...]:
    """Return what is entered of each member, by number."""
    statement = select(*columns_of(MemberInput, Member)).order_by(Member.number)
    return tuple(MemberInput(*row) for row in session.execute(statement))


def few_members_matching(session: Session, text: str) -> tuple[int, ...] | None:
    """Return the ids of the members with a text in their number or name; None where they are more than a few."""
    found: Sequence[int] | None = ids_by_words(session, [text], at_most=FEW)
    if found is None and is_writing(session):
        found = session.scalars(members_matching(text).limit(FEW + 1)).all()
    return None if found is None or len(found) > FEW else tuple(found)


def members_matching(text: str) -> Select[int]:
    """Return the statement of the ids of the members with a text in their number or name."""
    return select(Member.id).where(names_or_numbers(text))
