"""The members as a table, under heads that the import of members reads again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from billing.exports.tables import DAY, EMPTY_ON, TEXT, Column, Table
from booking.queries import member_records

MEMBER_COLUMNS = (
    Column("member_number", TEXT),
    Column("name", TEXT),
    Column("trade", TEXT),
    Column("email", TEXT),
    Column("phone", TEXT),
    Column("address", TEXT),
    Column("price_class", TEXT),
    Column("joined_on", DAY),
    Column("left_on", DAY),
)

# What a bill needs: the treasurer's part of the record.
BILLING_COLUMNS = tuple(column for column in MEMBER_COLUMNS if column.code != "phone")


def member_table(session: Session, columns: Sequence[Column] = MEMBER_COLUMNS) -> Table:
    """All members by number, those that have left included; columns: MEMBER_COLUMNS or BILLING_COLUMNS."""
    fields = ["number" if column.code == "member_number" else column.code for column in columns]
    rows = (tuple(getattr(member, field) for field in fields) for member in member_records(session))
    return Table("members", tuple(columns), rows, EMPTY_ON)
