"""The journal as a table: every line of every entry, in the order of their posting, read in batches."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.models import Entry
from billing.period_names import PeriodSpan
from billing.queries.ledger import LedgerLine, accounts, journal_forward
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
    Column("reverses", WHOLE),
)


def journal_table(session: Session, period: PeriodSpan | None = None) -> Table:
    """Return all lines of the ledger: debits above zero, credits below, so that their sum is zero.

    period: only those with a posting date in it.
    """
    lines, dates = select(func.coalesce(func.sum(Entry.lines), 0)), select(func.max(Entry.posting_date))
    if period is not None:
        within = Entry.posting_date.between(period.first_day, period.last_day)
        lines, dates = lines.where(within), dates.where(within)
    made_on = session.scalar(dates) or UNDATED
    rows = _rows(session, period)
    length = int(session.scalar(lines) or 0)
    return Table("journal", JOURNAL_COLUMNS, rows, made_on, period.name if period else "", length=length)


def _rows(session: Session, period: PeriodSpan | None) -> Iterator[Row]:
    numbers = {each.id: each for each in accounts(session)}
    machines, pools = machine_names(session), pool_names(session)
    after = (0, 0)
    while lines := journal_forward(session, after=after, limit=BATCH, period=period):
        names = {one.id: one for one in member_names(session, {each.member_id or 0 for each in lines})}
        for line in lines:
            account, member = numbers[line.account_id], names.get(line.member_id or 0)
            who = (member.number, member.name) if member else (None, None)
            where = (machines.get(line.machine_id or 0), pools.get(line.pool_id or 0))
            yield (*_when(line), account.number, account.code, *who, *where, line.topic, line.cents, *_source(line))
        after = (lines[-1].entry_id, lines[-1].number)


def _when(line: LedgerLine) -> Row:
    return line.entry_id, line.posting_date, line.service_from, line.service_until


def _source(line: LedgerLine) -> Row:
    return line.charge_id, line.allocation_id, line.advance_id, line.fee_id, line.reverses_id
