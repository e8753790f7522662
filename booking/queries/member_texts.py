"""Members by a part of their texts: kept by each process until one of them changes.

A part of a name is in no index, and a search asked the database to look at all members. The version of their names is
a random text that the database changes with each of them, so equal versions have equal names.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.search_patterns import compiled, has_text
from booking.kernel.transaction import is_writing
from booking.models import Member, MemberNames

NAMED_MAX = 200  # of more, a list soon meets some in its own order
# Which texts are looked at, each with those before it.
NAMES, TRADE, EMAIL = 1, 2, 3
_BETWEEN = "\0"  # the database refuses it in texts

_VERSION = PreparedStatement(select(table_of(MemberNames).c.version))
_member = table_of(Member)
_TEXTS = PreparedStatement(select(*(_member.c[name] for name in ("id", "number", "name", "trade", "email"))))


@dataclass(frozen=True, slots=True)
class MemberText:
    """What a member is found by, but for the trade."""

    id: int
    number: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of all members at a version; ids: of the member of each."""

    version: str
    ids: array[int]
    texts: list[str]


_KEPT: WeakKeyDictionary[Engine, _Texts] = WeakKeyDictionary()


def is_named(session: Session, words: Collection[str], *, upto: int = NAMES) -> ColumnElement[bool]:
    """Return the condition on Member that each word is in its number or name; upto: or in later texts too."""
    found = ids_by_words(session, words, upto=upto, at_most=NAMED_MAX)
    if found is not None:
        return Member.id.in_(found)
    columns = (Member.number, Member.name, Member.trade, Member.email)[: upto + 1]
    first, *others = (has_text(columns, word) for word in words)
    for other in others:
        first = first & other
    return first


def ids_by_words(session: Session, words: Collection[str], *, upto: int = NAMES, at_most: int) -> list[int] | None:
    """Return the ids of the members with each word in their texts.

    None where they are more, or where the transaction writes, so that its own changes count.
    """
    if is_writing(session):
        return None
    kept, patterns = _texts(session), [compiled(word) for word in words]
    found = []
    for member_id, text in zip(kept.ids, kept.texts, strict=True):
        looked_at = text if upto == EMAIL else _BETWEEN.join(text.split(_BETWEEN, upto)[:upto])
        if all(pattern.search(looked_at) for pattern in patterns):
            found.append(member_id)
            if len(found) > at_most:
                return None
    return found


def member_texts(session: Session) -> list[MemberText]:
    """Return the texts of all members, in no order."""
    if is_writing(session):
        return [MemberText(row.id, row.number, row.name, row.email) for row in _TEXTS.of(session)]
    kept = _texts(session)
    return [_text_of(member_id, text) for member_id, text in zip(kept.ids, kept.texts, strict=True)]


def _text_of(member_id: int, text: str) -> MemberText:
    names, _trade, email = text.split(_BETWEEN)
    number, _newline, name = names.partition("\n")
    return MemberText(member_id, number, name, email)


def _texts(session: Session) -> _Texts:
    stored = _VERSION.of(session)
    engine, version = session.get_bind().engine, stored[0].version if stored else ""
    kept = _KEPT.get(engine)
    if kept is None or kept.version != version:
        rows = _TEXTS.of(session)
        texts = [f"{row.number}\n{row.name}{_BETWEEN}{row.trade}{_BETWEEN}{row.email}" for row in rows]
        kept = _KEPT[engine] = _Texts(version, array("q", (row.id for row in rows)), texts)
    return kept
