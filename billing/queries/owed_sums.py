"""What each member owes and since when, kept by each process: what is posted and invoiced since is added to it.

A sum over all members reads the balance of each, and by age the lines of 90 days. Entries are posted one after another
under the lock of the ledger, documents are issued one after another under theirs: so the last number of each says
whether anything is new, and what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Select, case, exists, func, literal_column, select, union, union_all
from sqlalchemy.orm import Session, aliased

from billing.models import Balance, Document, Entry, Posting
from booking.kernel.prepared import PreparedStatement
from booking.kernel.transaction import is_writing

DAYS = (30, 60, 90)  # the ends of the ages
NEW_MAX = 1_000  # entries or documents; after more, all is read again
_NOTHING = (0,) * len(DAYS)


class Owed(NamedTuple):
    """What a member owes in cents, and what of it stands in invoices."""

    cents: int
    invoiced_cents: int


@dataclass(frozen=True, slots=True)
class OwedSums:
    """Sums of all members with a balance, by id, up to an entry and a document.

    recent: the debits of the last 30 days, of those before up to 60, and up to 90, less what was reversed; of `day`.
    """

    entry_id: int
    document_id: int
    owed: Mapping[int, Owed]
    day: date | None = None
    recent: Mapping[int, tuple[int, ...]] | None = None

    def recent_of(self, member_id: int) -> tuple[int, ...]:
        """Return the debits of a member by age."""
        return (self.recent or {}).get(member_id, _NOTHING)


_KEPT: WeakKeyDictionary[Engine, OwedSums] = WeakKeyDictionary()
_LAST = PreparedStatement(
    select(
        select(func.max(Entry.id)).scalar_subquery().label("entry_id"),
        select(func.max(Document.id)).scalar_subquery().label("document_id"),
    )
)
_OWED = select(Balance.member_id, Balance.cents, Balance.invoiced_cents)


def owed_sums(session: Session, today: date | None = None) -> OwedSums:
    """Return the sums of all members; today: with the debits by age as of this day."""
    engine = session.get_bind().engine
    # What is written here may be rolled back.
    kept = None if is_writing(session) else _KEPT.get(engine)
    last = _LAST.of(session)[0]
    entry_id, document_id = last.entry_id or 0, last.document_id or 0
    found = _brought_up(session, kept, entry_id, document_id)
    if today is not None and found.day != today:
        found = replace(found, day=today, recent=_added({}, session.execute(_debits(today, entry_id))))
    if found is not kept and not is_writing(session):
        _KEPT[engine] = found
    return found


def _brought_up(session: Session, kept: OwedSums | None, entry_id: int, document_id: int) -> OwedSums:
    if kept is not None and (kept.entry_id, kept.document_id) == (entry_id, document_id):
        return kept
    new = NEW_MAX + 1 if kept is None else max(entry_id - kept.entry_id, document_id - kept.document_id)
    if kept is None or new > NEW_MAX or entry_id < kept.entry_id or document_id < kept.document_id:
        return OwedSums(entry_id, document_id, {row[0]: Owed(*row[1:]) for row in session.execute(_OWED)})
    posted = select(Posting.member_id).where(Posting.entry_id > kept.entry_id, Posting.member_id.is_not(None))
    invoiced = select(Document.member_id).where(Document.id > kept.document_id)
    has_new = _OWED.where(Balance.member_id.in_(union(posted, invoiced)))
    changed = {row[0]: Owed(*row[1:]) for row in session.execute(has_new)}
    recent = kept.recent
    if kept.day is not None and recent is not None:
        new_debits = _new_debits(kept.day, kept.entry_id, entry_id)
        recent = _added(recent, session.execute(new_debits)) if entry_id > kept.entry_id else recent
    return OwedSums(entry_id, document_id, {**kept.owed, **changed}, kept.day, recent)


def _added(recent: Mapping[int, tuple[int, ...]], rows: Any) -> dict[int, tuple[int, ...]]:
    """Return debits by member and age, with rows of (member id, age, cents) added."""
    found = dict(recent)
    for member_id, age, cents in rows:
        if age is None:
            continue
        by_age = list(found.get(member_id, _NOTHING))
        by_age[age] += int(cents)
        found[member_id] = tuple(by_age)
    return found


def _debits(today: date, upto: int) -> Select[Any]:
    """Return (member id, age, cents) of the debits of the last days, without what was reversed up to an entry."""
    reversal = aliased(Entry)
    # "+ 0": the posting date is to find the entries. SQLite would walk through all lines and all entries otherwise.
    return _of_last_days(today, func.sum(Posting.cents)).where(
        Entry.posting_date >= today - timedelta(days=DAYS[-1]),
        Entry.id + literal_column("0") <= upto,
        (Entry.reverses_id + literal_column("0")).is_(None),
        ~exists().where(reversal.reverses_id == Entry.id, reversal.id <= upto),
    )


def _new_debits(today: date, after: int, upto: int) -> Select[Any]:
    """Return what the entries after one add to these debits: their own, less those that they reverse."""
    reversal = aliased(Entry)
    own = _of_last_days(today, func.sum(Posting.cents)).where(
        Entry.id > after, Entry.id <= upto, Entry.reverses_id.is_(None)
    )
    taken_back = (
        _of_last_days(today, -func.sum(Posting.cents))
        .join(reversal, reversal.reverses_id == Entry.id)
        .where(reversal.id > after, reversal.id <= upto, Entry.reverses_id.is_(None))
    )
    rows = union_all(own, taken_back).subquery()
    return select(*rows.c)


def _of_last_days(today: date, cents: ColumnElement[int]) -> Select[Any]:
    """Select a sum of debits by member and age: 0 up to 30 days, 1 up to 60, 2 up to 90, None beyond."""
    starts = [today - timedelta(days=days) for days in DAYS]
    age = case(*((Entry.posting_date >= start, at) for at, start in enumerate(starts))).label("age")
    # Not the column itself: SQLite would walk through the lines of all years in the order of its index.
    member_id = Posting.member_id + literal_column("0")
    return (
        select(member_id.label("member_id"), age, cents.label("cents"))
        .join(Entry, Entry.id == Posting.entry_id)
        .where(member_id.is_not(None), Posting.cents > 0)
        .group_by(member_id, age)
    )
