"""Balances of all members, and the lines of one, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.queries.balances import BalanceLine, balance_lines, balance_of, balances
from booking.queries import machine_names, member_names, members_matching

BATCH = 500

BALANCE_COLUMNS = (
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("lines", WHOLE),
    Column("balance", MONEY, sums_while=()),
)
LINE_COLUMNS = (
    Column("entry", WHOLE),
    Column("posting_date", DAY),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("topic", CODE),
    Column("machine", TEXT),
    Column("amount", MONEY, sums_while=()),
    Column("balance", MONEY),
    Column("text", TEXT),
)


def balance_table(session: Session, which: str = "", member_text: str = "") -> Table:
    """Return what each member owes, the largest sum first. which: as in billing.queries.balances.

    member_text: only members with this text in their number or name.
    """
    return Table("balances", BALANCE_COLUMNS, _balances(session, which, member_text), UNDATED, member_text)


def balance_line_table(session: Session, member_id: int) -> Table:
    """Return all lines of a member's balance, the newest first."""
    (member,) = member_names(session, [member_id])
    newest, _more = balance_lines(session, member_id, limit=1)
    made_on = newest[0].posting_date if newest else UNDATED
    length = balance_of(session, member_id).lines
    return Table("balance", LINE_COLUMNS, _lines(session, member_id), made_on, member.number, length=length)


def _balances(session: Session, which: str, member_text: str) -> Iterator[Row]:
    found = members_matching(member_text) if member_text else None
    offset, has_more = 0, True
    while has_more:
        page, has_more = balances(session, found, which=which, limit=BATCH, offset=offset)
        offset += len(page)
        names = {name.id: name for name in member_names(session, {one.member_id for one in page})}
        for one in page:
            yield names[one.member_id].number, names[one.member_id].name, one.lines, one.cents


def _lines(session: Session, member_id: int) -> Iterator[Row]:
    machines = machine_names(session)
    offset, has_more = 0, True
    while has_more:
        page, has_more = balance_lines(session, member_id, limit=BATCH, offset=offset)
        offset += len(page)
        yield from (balance_row(line, machines.get(line.machine_id or 0)) for line in page)


def balance_row(line: BalanceLine, machine: str | None) -> Row:
    """Return a line of a balance or statement as a row of LINE_COLUMNS."""
    served: tuple[date, date] = (line.service_from, line.service_until)
    return line.entry_id, line.posting_date, *served, line.topic, machine, line.cents, line.balance, line.text
