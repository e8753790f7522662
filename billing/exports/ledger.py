"""The journal as a table: every line of every entry, in the order of their posting, read in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.models import Entry
from billing.queries.ledger import (
    LedgerLine,
    account,
    account_lines,
    accounts,
    journal_forward,
    lines_of_entries,
    trial_balance,
)
from billing.queries.pools import pool_names
from booking.queries import machine_names, member_names

BATCH = 1_000

JOURNAL_COLUMNS = (
    Column("entry", WHOLE),
    Column("posting_date", DAY),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("account_number", TEXT),
    Column("account", CODE),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("machine", TEXT),
    Column("pool", TEXT),
    Column("topic", CODE),
    Column("amount", MONEY, sums_while=()),
    Column("charge", WHOLE),
    Column("allocation", WHOLE),
    Column("advance", WHOLE),
    Column("fee", WHOLE),
    Column("equity", WHOLE),
    Column("reverses", WHOLE),
)


def journal_table(session: Session, entry_ids: Sequence[int], made_on: date, *, name: str, length: int) -> Table:
    """Return the lines of entries: debits above zero, credits below, so that their sum is zero.

    made_on: the last day of the postings. name: of their period. length: how many lines they have.
    """
    batches = (entry_ids[start : start + BATCH] for start in range(0, len(entry_ids), BATCH))
    rows = _rows(session, (lines_of_entries(session, ids) for ids in batches))
    return Table("journal", JOURNAL_COLUMNS, rows, made_on, name, length=length)


def whole_journal(session: Session) -> Table:
    """Return all lines of the ledger, in the order of their posting."""
    length = session.scalar(select(func.coalesce(func.sum(Entry.lines), 0))) or 0
    return Table("journal", JOURNAL_COLUMNS, _rows(session, _all_lines(session)), UNDATED, length=int(length))


ACCOUNT_COLUMNS = (
    Column("account_number", TEXT),
    Column("account", CODE),
    Column("debit", MONEY, sums_while=()),
    Column("credit", MONEY, sums_while=()),
)


def account_table(session: Session) -> Table:
    """Return all accounts with their sums; both above zero."""
    sums = trial_balance(session)
    rows = ((one.account.number, one.account.code, one.debit_cents, one.credit_cents) for one in sums)
    return Table("accounts", ACCOUNT_COLUMNS, rows, UNDATED)


SHEET_COLUMNS = (
    *(column for column in JOURNAL_COLUMNS if not column.code.startswith("account")),
    Column("balance", MONEY),
)


def account_sheet(session: Session, code: str) -> Table:
    """Return the lines of an account in the order of their posting, each with the balance after it.

    Raises AccountNotFound.
    """
    of = account(session, code)
    rows = _sheet_rows(session, of.id)
    return Table("account_sheet", SHEET_COLUMNS, rows, UNDATED, of.number, length=account_lines(session, of.id))


def _sheet_rows(session: Session, account_id: int) -> Iterator[Row]:
    kept = [at for at, column in enumerate(JOURNAL_COLUMNS) if column in SHEET_COLUMNS]
    balance = 0
    for batch in _all_lines(session, account_id):
        for line, row in zip(batch, _rows(session, [batch]), strict=True):
            balance += line.cents
            yield (*(row[at] for at in kept), balance)


def _all_lines(session: Session, account_id: int | None = None) -> Iterator[Sequence[LedgerLine]]:
    after = (0, 0)
    while lines := journal_forward(session, after=after, limit=BATCH, account_id=account_id):
        yield lines
        after = (lines[-1].entry_id, lines[-1].number)


def _rows(session: Session, batches: Iterable[Sequence[LedgerLine]]) -> Iterator[Row]:
    numbers = {each.id: each for each in accounts(session)}
    machines, pools = machine_names(session), pool_names(session)
    for lines in batches:
        names = {one.id: one for one in member_names(session, {each.member_id or 0 for each in lines})}
        for line in lines:
            account, member = numbers[line.account_id], names.get(line.member_id or 0)
            who = (member.number, member.name) if member else (None, None)
            where = (machines.get(line.machine_id or 0), pools.get(line.pool_id or 0))
            yield (*_when(line), account.number, account.code, *who, *where, line.topic, line.cents, *_source(line))


def _when(line: LedgerLine) -> Row:
    return line.entry_id, line.posting_date, line.service_from, line.service_until


def _source(line: LedgerLine) -> Row:
    return line.charge_id, line.allocation_id, line.advance_id, line.fee_id, line.equity_id, line.reverses_id
