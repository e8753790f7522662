"""Invoices and their corrections as tables, with their lines, read in batches."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.tables import DAY, DECIMAL, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table
from billing.models import Document, DocumentLine, IssuedStatement
from booking.queries import member_names

BATCH = 500
_CLAIMS = Document.kind != "statement"  # a statement claims nothing: it has a table of its own

DOCUMENT_COLUMNS = (
    Column("invoice", TEXT),
    Column("document_kind", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("issued_on", DAY),
    Column("due_on", DAY),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("net", MONEY, sums_while=()),
    Column("vat", MONEY, sums_while=()),
    Column("gross", MONEY, sums_while=()),
    Column("takes_back", TEXT),
)
STATEMENT_COLUMNS = (
    Column("statement", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("issued_on", DAY),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("owed_before", MONEY),
    Column("owed_after", MONEY),
)
LINE_COLUMNS = (
    Column("invoice", TEXT),
    Column("line", WHOLE),
    Column("text", TEXT),
    Column("quantity", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("vat_percent", DECIMAL, 2),
    Column("net", MONEY, sums_while=()),
    Column("gross", MONEY, sums_while=()),
    Column("entry", WHOLE),
)


def document_table(session: Session) -> Table:
    """Return all documents, in the order in which they were issued."""
    length = session.scalar(select(func.count()).select_from(Document).where(_CLAIMS)) or 0
    return Table("documents", DOCUMENT_COLUMNS, _documents(session), UNDATED, length=length)


def statement_document_table(session: Session) -> Table:
    """Return all numbered statements, in the order in which they were issued."""
    length = session.scalar(select(func.count()).select_from(IssuedStatement)) or 0
    return Table("statements", STATEMENT_COLUMNS, _statements(session), UNDATED, length=length)


def document_line_table(session: Session) -> Table:
    """Return the lines of all documents."""
    length = session.scalar(select(func.count()).select_from(DocumentLine)) or 0
    return Table("document_lines", LINE_COLUMNS, _lines(session), UNDATED, length=length)


def _documents(session: Session) -> Iterator[Row]:
    numbers: dict[int, str] = {}  # of those before: a document takes back an earlier one
    for ids in _batches(session):
        rows = session.execute(
            select(
                Document.id,
                Document.number,
                Document.kind,
                Document.member_id,
                Document.issued_on,
                Document.due_on,
                Document.service_from,
                Document.service_until,
                Document.net_cents,
                Document.vat_cents,
                Document.gross_cents,
                Document.cancels_id,
            )
            .where(Document.id.in_(ids))
            .order_by(Document.id)
        ).all()
        members = {one.id: one for one in member_names(session, {row.member_id for row in rows})}
        for document_id, number, kind, member_id, *values, cancels_id in rows:
            numbers[document_id] = number
            who = (members[member_id].number, members[member_id].name)
            yield (number, kind, *who, *values, numbers.get(cancels_id or 0))


def _statements(session: Session) -> Iterator[Row]:
    stated = IssuedStatement
    columns = (stated.first_day, stated.last_day, stated.opening_cents, stated.closing_cents)
    rows = session.execute(
        select(Document.number, Document.member_id, Document.issued_on, *columns)
        .join(stated, stated.document_id == Document.id)
        .order_by(Document.id)
    ).all()
    members = {one.id: one for one in member_names(session, {row.member_id for row in rows})}
    for row in rows:
        who = members[row.member_id]
        days = row.issued_on, row.first_day, row.last_day
        yield (row.number, who.number, who.name, *days, row.opening_cents, row.closing_cents)


def _lines(session: Session) -> Iterator[Row]:
    columns = (
        Document.number,
        DocumentLine.number,
        DocumentLine.text,
        DocumentLine.quantity,
        DocumentLine.service_from,
        DocumentLine.service_until,
        DocumentLine.percent,
        DocumentLine.net_cents,
        DocumentLine.gross_cents,
        DocumentLine.entry_id,
    )
    for ids in _batches(session):
        statement = select(*columns).join(Document, Document.id == DocumentLine.document_id)
        order = (DocumentLine.document_id, DocumentLine.number)
        for row in session.execute(statement.where(DocumentLine.document_id.in_(ids)).order_by(*order)):
            yield tuple(row)


def _batches(session: Session) -> Iterator[list[int]]:
    after = 0
    wanted = select(Document.id).where(_CLAIMS).order_by(Document.id).limit(BATCH)
    while ids := list(session.scalars(wanted.where(Document.id > after))):
        yield ids
        after = ids[-1]
