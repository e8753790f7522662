"""The audit of the ledger, run by `ring check ledger`. Yields the inconsistencies that it finds.

Codes of the findings and their facts: unbalanced (entry_id), entry_hash (entry_id: its content is not what the event
log has), entry_mirror (entry_id, reverses_id), not_posted (source, id), balance (member_id, cents, lines: their sum).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session

from billing.events import EntryPosted
from billing.ledger import ENTRY_CONTENT, LINE_CONTENT, digest
from billing.models import Advance, Allocation, AllocationLine, Balance, Charge, Entry, Ledger, Posting
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of

BATCH = 1_000


def broken_ledger(session: Session) -> Iterator[AuditFinding]:
    """Yield the inconsistencies of the ledger.

    Checked: each entry balances, has the hash that the event log has, and mirrors what it reverses; each charge,
    allocation and advance has its entry; balances are the sums of their lines.
    """
    yield from _broken_entries(session)
    yield from _wrong_mirrors(session)
    if session.scalar(select(Ledger.state)) == "open":
        yield from _not_posted(session)
    yield from _wrong_balances(session)


def _broken_entries(session: Session) -> Iterator[AuditFinding]:
    entry, posting = table_of(Entry), table_of(Posting)
    entries = _stream(session, select(*(entry.c[name] for name in (*ENTRY_CONTENT, "sha256"))).order_by(entry.c.id))
    columns = [posting.c[name] for name in ("entry_id", *LINE_CONTENT)]
    lines = _stream(session, select(*columns).order_by(posting.c.entry_id, posting.c.number))
    by_entry = groupby(lines, key=lambda row: row.entry_id)
    # Entries are posted one after another under a lock, so that their events have the same order.
    logged = _stream(
        session,
        select(RecordedEvent.facts).where(RecordedEvent.type == EntryPosted.type).order_by(RecordedEvent.id),
    )
    for row, group, event in zip_longest(entries, by_entry, logged):
        if row is None:
            yield _finding("unbalanced", entry_id=group[0] if group else event.facts["entry_id"])
            continue
        of_entry = [dict(line._mapping) for line in group[1]] if group and group[0] == row.id else []
        if len(of_entry) != row.lines or sum(line["cents"] for line in of_entry) != 0:
            yield _finding("unbalanced", entry_id=row.id)
        facts = event.facts if event else {}
        expected = digest(dict(row._mapping), of_entry)
        if not row.sha256 == expected == facts.get("sha256") or facts["entry_id"] != row.id:
            yield _finding("entry_hash", entry_id=row.id)


def _wrong_mirrors(session: Session) -> Iterator[AuditFinding]:
    """Yield the reversals of which a line is not the opposite of the same line of the entry that they reverse."""
    original = table_of(Posting).alias("original")
    statement = (
        select(Entry.id, Entry.reverses_id)
        .join(Posting, Posting.entry_id == Entry.id)
        .outerjoin(
            original,
            (original.c.entry_id == Entry.reverses_id)
            & (original.c.number == Posting.number)
            & (original.c.account_id == Posting.account_id)
            & (original.c.cents == -Posting.cents),
        )
        .where(Entry.reverses_id.is_not(None), original.c.entry_id.is_(None))
        .distinct()
        .order_by(Entry.id)
    )
    for entry_id, reverses_id in session.execute(statement):
        yield _finding("entry_mirror", entry_id=entry_id, reverses_id=reverses_id)


def _not_posted(session: Session) -> Iterator[AuditFinding]:
    has_line = exists().where(AllocationLine.allocation_id == Allocation.id, AllocationLine.cents != 0)
    sources: tuple[tuple[str, Select[int]], ...] = (
        ("charge", select(Charge.id).where(Charge.cents != 0, ~exists().where(Entry.charge_id == Charge.id))),
        ("allocation", select(Allocation.id).where(has_line, ~exists().where(Entry.allocation_id == Allocation.id))),
        ("advance", select(Advance.id).where(~exists().where(Entry.advance_id == Advance.id))),
    )
    for source, statement in sources:
        for source_id in session.scalars(statement):
            yield _finding("not_posted", source=source, id=source_id)


def _wrong_balances(session: Session) -> Iterator[AuditFinding]:
    by_member = select(Posting.member_id, func.sum(Posting.cents), func.count()).group_by(Posting.member_id)
    summed = {
        member_id: (int(cents), lines)
        for member_id, cents, lines in session.execute(by_member)
        if member_id is not None
    }
    stored = {row.member_id: (row.cents, row.lines) for row in session.scalars(select(Balance))}
    for member_id in sorted(summed.keys() | stored.keys()):
        if summed.get(member_id) != stored.get(member_id):
            cents, lines = stored.get(member_id, (0, 0))[0], summed.get(member_id, (0, 0))[0]
            yield _finding("balance", member_id=member_id, cents=cents, lines=lines)


def _stream(session: Session, statement: Select[Any]) -> Iterator[Row[Any]]:
    return iter(session.connection().execute(statement.execution_options(yield_per=BATCH)))


def _finding(code: str, **facts: object) -> AuditFinding:
    return AuditFinding(code, facts)
