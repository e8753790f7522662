"""The equity of members as a table: what each has paid in, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.models import EquityMove
from billing.queries.equity import equity_moves
from booking.queries import member_names

BATCH = 1_000

EQUITY_COLUMNS = (
    Column("equity", WHOLE),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("day", DAY),
    Column("equity_kind", CODE),
    Column("amount", MONEY, sums_while=()),
    Column("note", TEXT),
    Column("entry", WHOLE),
    Column("reverses", WHOLE),
)


def equity_table(session: Session) -> Table:
    """Return all changes of equity, the newest first."""
    length = session.scalar(select(func.count()).select_from(EquityMove)) or 0
    return Table("equity", EQUITY_COLUMNS, _rows(session), UNDATED, length=length)


def _rows(session: Session) -> Iterator[Row]:
    offset, has_more = 0, True
    while has_more:
        page, has_more = equity_moves(session, limit=BATCH, offset=offset)
        offset += len(page)
        names = {one.id: one for one in member_names(session, {move.member_id for move in page})}
        for move in page:
            who = names[move.member_id].number, names[move.member_id].name
            yield move.id, *who, move.day, move.kind, move.cents, move.note, move.entry_id, move.reverses_id
