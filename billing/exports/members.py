"""The members as a table whose headers the import of members accepts."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy.orm import Session

from billing.exports.tables import CODE, DAY, TEXT, UNDATED, Column, Table
from booking.queries import member_records

MEMBER_COLUMNS = (
    Column("member_number", TEXT),
    Column("name", TEXT),
    Column("trade", TEXT),
    Column("email", TEXT),
    Column("phone", TEXT),
    Column("addressee", TEXT),
    Column("street", TEXT),
    Column("postcode", TEXT),
    Column("town", TEXT),
    Column("country", TEXT),
    Column("address", TEXT),
    Column("price_class", CODE),
    Column("joined_on", DAY),
    Column("left_on", DAY),
)

# Column -> what it is read from, where the names differ. address: what is not split yet.
ATTRIBUTES = {
    "member_number": "number",
    "addressee": "address.name",
    "street": "address.street",
    "postcode": "address.postcode",
    "town": "address.town",
    "country": "address.country",
    "address": "address.text",
}

# The part of the record that the treasurer may see.
BILLING_COLUMNS = tuple(column for column in MEMBER_COLUMNS if column.code != "phone")


def member_table(session: Session, columns: Sequence[Column] = MEMBER_COLUMNS) -> Table:
    """Return all members by number, former ones included. columns: MEMBER_COLUMNS or BILLING_COLUMNS."""
    read = attrgetter(*(ATTRIBUTES.get(column.code, column.code) for column in columns))
    rows = (read(member) for member in member_records(session))
    return Table("members", tuple(columns), rows, UNDATED)
