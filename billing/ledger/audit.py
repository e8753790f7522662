"""The audit of the ledger, run by `ring check ledger`. Yields the inconsistencies that it finds.

Codes of the findings and their facts: unbalanced (entry_id), entry_hash (entry_id: its content is not what the event
log has), entry_mirror (entry_id, reverses_id), not_posted (source, id), balance (member_id, cents, lines: their sum),
number_gap (entry_id: of the entry after a gap), account_day (account_id, day: its sums are not those of its lines),
account_month, member_month (the same of a month), invoiced (member_id, cents: of the documents and of what is set off),
equity (account: its sum is not what the changes of equity say).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, zip_longest
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    case,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from billing.events import EntryPosted
from billing.ledger.posting import ENTRY_CONTENT, EQUITY, EQUITY_LEFT, LINE_CONTENT, SET_OFF, digest_of
from billing.models import (
    AccountDay,
    AccountMonth,
    Advance,
    Allocation,
    AllocationLine,
    Balance,
    Charge,
    Document,
    Entry,
    EquityMove,
    Fee,
    Ledger,
    LedgerAccount,
    MemberMonth,
    Posting,
)
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of

BATCH = 1_000
CENTS = LINE_CONTENT.index("cents")


def broken_ledger(session: Session) -> Iterator[AuditFinding]:
    """Yield the inconsistencies of the ledger.

    Checked: each entry balances, has the hash that the event log has, and mirrors what it reverses; each charge,
    allocation, advance, fee and change of equity has its entry; balances are the sums of their lines.
    """
    yield from _broken_entries(session)
    yield from _wrong_mirrors(session)
    if session.scalar(select(Ledger.state)) == "open":
        yield from _not_posted(session)
    yield from _wrong_balances(session)
    yield from _wrongly_invoiced(session)
    yield from _wrong_sums(session)
    yield from _wrong_equity(session)


def broken_numbers(session: Session) -> Iterator[AuditFinding]:
    """Yield the gaps in the numbers of the entries."""
    before = table_of(Entry).alias("before")
    has_predecessor = exists().where(before.c.id == Entry.id - 1)
    for entry_id in session.scalars(select(Entry.id).where(Entry.id > 1, ~has_predecessor).order_by(Entry.id)):
        yield _finding("number_gap", entry_id=entry_id)


def _broken_entries(session: Session) -> Iterator[AuditFinding]:
    entry, posting = table_of(Entry), table_of(Posting)
    last_entry, last_line, last_event = _ends(session)
    content = select(*(_plain(entry.c[name]) for name in (*ENTRY_CONTENT, "sha256")))
    entries = _stream(session, content.where(entry.c.id <= last_entry).order_by(entry.c.id))
    columns = [posting.c[name] for name in ("entry_id", *LINE_CONTENT)]
    of_entries = select(*columns).where(posting.c.entry_id <= last_line)
    lines = _stream(session, of_entries.order_by(posting.c.entry_id, posting.c.number))
    by_entry = groupby(lines, key=lambda row: row.entry_id)
    # Entries are posted one after another under a lock, so that their events have the same order.
    logged = _stream(
        session,
        select(RecordedEvent.facts)
        .where(RecordedEvent.type == EntryPosted.type, RecordedEvent.id <= last_event)
        .order_by(RecordedEvent.id),
    )
    for row, group, event in zip_longest(entries, by_entry, logged):
        if row is None:
            yield _finding("unbalanced", entry_id=group[0] if group else event.facts["entry_id"])
            continue
        of_entry = [list(line)[1:] for line in group[1]] if group and group[0] == row.id else []
        if len(of_entry) != row.lines or sum(line[CENTS] for line in of_entry) != 0:
            yield _finding("unbalanced", entry_id=row.id)
        facts = event.facts if event else {}
        expected = digest_of(list(row)[:-1], of_entry)
        if not row.sha256 == expected == facts.get("sha256") or facts["entry_id"] != row.id:
            yield _finding("entry_hash", entry_id=row.id)


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """Return a day as SQLite stores it, which is what its digest holds: hundreds of thousands are not parsed."""
    return type_coerce(column, String) if isinstance(column.type, Date) else column


def _ends(session: Session) -> tuple[int, int, int]:
    """Return the last entry, the last entry with lines and the last event of one, at one moment.

    Read one after the other, they would differ by what is posted while the audit runs.
    """
    last_event = (
        select(RecordedEvent.id)
        .where(RecordedEvent.type == EntryPosted.type)
        .order_by(RecordedEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    last_entry, last_line = (select(func.max(one)).scalar_subquery() for one in (Entry.id, Posting.entry_id))
    entry_id, line_of, event_id = session.execute(select(last_entry, last_line, last_event)).one()
    return entry_id or 0, line_of or 0, event_id or 0


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
            & original.c.member_id.is_not_distinct_from(Posting.member_id)
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
        ("fee", select(Fee.id).where(~exists().where(Entry.fee_id == Fee.id))),
        ("equity", select(EquityMove.id).where(~exists().where(Entry.equity_id == EquityMove.id))),
    )
    for source, statement in sources:
        for source_id in session.scalars(statement):
            yield _finding("not_posted", source=source, id=source_id)


def _wrong_sums(session: Session) -> Iterator[AuditFinding]:
    """Yield the sums of days and months that are not those of their lines."""
    sums = (case((Posting.cents > 0, -Posting.cents), else_=0), case((Posting.cents < 0, Posting.cents), else_=0))
    day, of_day = Entry.posting_date, AccountDay
    stored: Select[*tuple[Any, ...]] = select(
        of_day.account_id, of_day.posting_date, of_day.debit_cents, of_day.credit_cents
    )
    for account_id, on in _differing(session, stored, _lines(Posting.account_id, day, *sums), 2):
        yield _finding("account_day", account_id=account_id, day=on.isoformat())
    of, month = AccountMonth, _month_of(day)
    stored = select(of.account_id, *_month_of(of.month), of.debit_cents, of.credit_cents, of.lines)
    for account_id, *on in _differing(session, stored, _lines(Posting.account_id, *month, *sums, literal(-1)), 3):
        yield _finding("account_month", account_id=account_id, month="{}-{:02}".format(*map(int, on)))
    own = MemberMonth
    stored = select(own.member_id, *_month_of(own.month), own.topic, own.cents, own.lines)
    lines = _lines(Posting.member_id, *month, Posting.topic, -Posting.cents, literal(-1))
    for member_id, *on in _differing(session, stored, lines.where(Posting.member_id.is_not(None)), 4):
        yield _finding("member_month", member_id=member_id, month="{}-{:02}".format(*map(int, on[:2])))


def _month_of(day: InstrumentedAttribute[date]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return extract("year", day), extract("month", day)


def _lines(*columns: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[*tuple[Any, ...]]:
    return select(*columns).join(Entry, Entry.id == Posting.entry_id)


def _differing(
    session: Session, stored: Select[*tuple[Any, ...]], posted: Select[*tuple[Any, ...]], keys: int
) -> Iterator[Sequence[Any]]:
    """Yield the keys, so many columns, of which the stored sums and those of the lines (below zero) do not cancel out.

    In one statement, so that what is posted meanwhile is in both of its sides or in none.
    """
    rows = union_all(stored, posted).subquery()
    of, values = list(rows.c)[:keys], list(rows.c)[keys:]
    differs = or_(*(func.sum(value) != 0 for value in values))
    yield from session.execute(select(*of).group_by(*of).having(differs).order_by(*of))


def _wrong_balances(session: Session) -> Iterator[AuditFinding]:
    """Yield the balances that are not the sum of their lines, then lines of members without a balance.

    Each is one statement, so that what is posted meanwhile is in both of its sides or in none.
    """
    summed = (
        select(Posting.member_id, func.sum(Posting.cents).label("cents"), func.count().label("lines"))
        .where(Posting.member_id.is_not(None))
        .group_by(Posting.member_id)
        .subquery()
    )
    same = summed.c.member_id == Balance.member_id
    differs = summed.c.member_id.is_(None) | (summed.c.cents != Balance.cents) | (summed.c.lines != Balance.lines)
    wrong = select(Balance.member_id, Balance.cents, func.coalesce(summed.c.cents, 0)).outerjoin(summed, same)
    without = select(summed.c.member_id, literal(0), summed.c.cents).where(~exists().where(same))
    for statement in (wrong.where(differs).order_by(Balance.member_id), without.order_by(summed.c.member_id)):
        for member_id, cents, lines in session.execute(statement):
            yield _finding("balance", member_id=member_id, cents=int(cents), lines=int(lines))


def _wrongly_invoiced(session: Session) -> Iterator[AuditFinding]:
    """Yield the balances whose invoiced part is not the sum of the documents and of what is set off."""
    issued = select(Document.member_id, Document.gross_cents.label("cents")).where(Document.kind != "statement")
    set_off = select(Posting.member_id, Posting.cents).where(Posting.topic == SET_OFF)
    parts = union_all(issued, set_off).subquery()
    summed = select(parts.c.member_id, func.sum(parts.c.cents).label("cents")).group_by(parts.c.member_id).subquery()
    invoiced = func.coalesce(summed.c.cents, 0)
    statement = (
        select(Balance.member_id, invoiced)
        .outerjoin(summed, summed.c.member_id == Balance.member_id)
        .where(invoiced != Balance.invoiced_cents)
        .order_by(Balance.member_id)
    )
    for member_id, cents in session.execute(statement):
        yield _finding("invoiced", member_id=member_id, cents=int(cents))


def _wrong_equity(session: Session) -> Iterator[AuditFinding]:
    """Yield the accounts of equity whose sum is not that of the last changes of members, all in one statement."""
    move, other = aliased(EquityMove), aliased(EquityMove)
    is_last = ~exists().where(other.member_id == move.member_id, other.number > move.number)
    of_moves = {EQUITY: move.held_cents, EQUITY_LEFT: move.left_cents}
    columns = []
    for code, cents in of_moves.items():
        posted = select(func.coalesce(func.sum(AccountDay.credit_cents - AccountDay.debit_cents), 0)).where(
            AccountDay.account_id == select(LedgerAccount.id).where(LedgerAccount.code == code).scalar_subquery()
        )
        held = select(func.coalesce(func.sum(cents), 0)).where(is_last)
        columns.append((posted.scalar_subquery() != held.scalar_subquery()).label(code))
    for code, is_wrong in session.execute(select(*columns)).one()._mapping.items():
        if is_wrong:
            yield _finding("equity", account=code)


def _stream(session: Session, statement: Select[Any]) -> Iterator[Row[Any]]:
    return iter(session.connection().execute(statement.execution_options(yield_per=BATCH)))


def _finding(code: str, **facts: object) -> AuditFinding:
    return AuditFinding(code, facts)
