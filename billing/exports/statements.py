"""The statement of a member for a period, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.exports.balances import LINE_COLUMNS, balance_row
from billing.exports.tables import Row, Table
from billing.queries.statements import Statement, statement, statement_lines
from booking.queries import machine_names, member_names

BATCH = 500


def statement_table(session: Session, member_id: int, days: Period) -> Table:
    """Return the lines of a statement, the oldest first, each with what is owed after it. Raises WrongPeriod."""
    (member,) = member_names(session, [member_id])
    of = statement(session, member_id, *days)
    rows = _rows(session, of)
    return Table("statement", LINE_COLUMNS, rows, of.last_day, member.number, days=days, length=of.lines)


def _rows(session: Session, of: Statement) -> Iterator[Row]:
    machines = machine_names(session)
    offset, has_more = 0, True
    while has_more:
        page, has_more = statement_lines(session, of, limit=BATCH, offset=offset)
        offset += len(page)
        yield from (balance_row(line, machines.get(line.machine_id or 0)) for line in page)
