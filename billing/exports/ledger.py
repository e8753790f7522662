"""The journal as a table: every line of every entry, in the order of their posting, read in batches."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.models import Entry, Posting
from billing.queries.ledger import LedgerLine, accounts, journal_forward
from billing.queries.pools import pool_names
from booking.queries import machine_names, member_names

BATCH = 1_000

JOURNAL_COLUMNS = (
    Column("entry", WHOLE),
    Column("posted_on", DAY),
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
    Column("reverses", WHOLE),
)


def journal_table(session: Session) -> Table:
    """Return all lines of the ledger: debits above zero, credits below, so that their sum is zero."""
    length = session.scalar(select(func.count()).select_from(Posting)) or 0
    made_on = session.scalar(select(func.max(Entry.posting_date))) or UNDATED
    return Table("journal", JOURNAL_COLUMNS, _rows(session), made_on, length=length)


def _rows(session: Session) -> Iterator[Row]:
    numbers = {each.id: each for each in accounts(session)}
    machines, pools = machine_names(session), pool_names(session)
    after = (0, 0)
    while lines := journal_forward(session, after=after, limit=BATCH):
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
    return line.charge_id, line.allocation_id, line.advance_id, line.reverses_id
