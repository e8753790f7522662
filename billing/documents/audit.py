"""The audit of documents, run by `ring check numbers`. Yields the inconsistencies that it finds.

Codes of the findings and their facts: document_gap (number: the last one before it), document_sums (number),
document_hash (number: its content is not what the event log has), document_file (number), document_ledger (number: a
line is not the one of the ledger that it invoices, or of another member), uninvoiced (entry_id, number: what can be
invoiced is not what stands in no effective document).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from billing.documents.storing import digest
from billing.events import DocumentIssued
from billing.ledger.posting import SET_OFF
from billing.models import (
    Document,
    DocumentFile,
    DocumentLine,
    DocumentNumber,
    DocumentVat,
    IssuedStatement,
    Posting,
    UninvoicedLine,
)
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base

BATCH = 200
Rows = list[dict[str, Any]]
Parts = tuple[Rows, Rows, dict[str, Any] | None]  # lines, sums by rate, what a statement states
_IS_LINE = (DocumentLine.entry_id == Posting.entry_id, DocumentLine.posting_number == Posting.number)


def broken_documents(session: Session) -> Iterator[AuditFinding]:
    """Yield the inconsistencies of documents.

    Checked: each range and year counts from one without gaps up to its last number; each document has the sums of its
    lines and the hash that the event log has; each line is that of the ledger; each file has its hash.
    """
    yield from _gaps(session)
    yield from _contents(session)
    yield from _files(session)
    yield from _other_lines(session)
    yield from _wrongly_open(session)


def _other_lines(session: Session) -> Iterator[AuditFinding]:
    """Yield the documents with a line whose amount or member is not that of the line of the ledger."""
    stated = case((DocumentLine.turn % 2 == 1, DocumentLine.gross_cents), else_=-DocumentLine.gross_cents)
    statement = (
        select(Document.number)
        .join(DocumentLine, DocumentLine.document_id == Document.id)
        .outerjoin(Posting, and_(*_IS_LINE))
        .where(or_(Posting.cents.is_(None), stated != Posting.cents, Posting.member_id != Document.member_id))
    )
    for number in session.scalars(statement.distinct().order_by(Document.number)):
        yield AuditFinding("document_ledger", {"number": number})


def _wrongly_open(session: Session) -> Iterator[AuditFinding]:
    """Yield the lines that members owe whose place among those to invoice is not what their document lines say."""
    turns = select(func.count()).where(*_IS_LINE).scalar_subquery()
    is_open = exists().where(
        UninvoicedLine.entry_id == Posting.entry_id, UninvoicedLine.posting_number == Posting.number
    )
    statement = select(Posting.entry_id, Posting.number).where(
        Posting.member_id.is_not(None),
        Posting.topic != SET_OFF,
        or_(and_(turns % 2 == 0, ~is_open), and_(turns % 2 == 1, is_open)),
    )
    for entry_id, number in session.execute(statement.order_by(Posting.entry_id, Posting.number)):
        yield AuditFinding("uninvoiced", {"entry_id": entry_id, "number": number})


def _gaps(session: Session) -> Iterator[AuditFinding]:
    highest, count = func.max(Document.sequence), func.count()
    found = session.execute(
        select(Document.series, Document.year, highest, count).group_by(Document.series, Document.year)
    )
    issued = {(series, year): (last, number) for series, year, last, number in found}
    known = {(row.series, row.year): row.last for row in session.scalars(select(DocumentNumber))}
    for series, year in sorted(issued.keys() | known.keys()):
        last, number = issued.get((series, year), (0, 0))
        if not last == number == known.get((series, year), 0):
            yield AuditFinding("document_gap", {"number": f"{series}-{year}-{min(last, number):05}"})


def _contents(session: Session) -> Iterator[AuditFinding]:
    logged = {
        facts["document_id"]: facts["sha256"]
        for facts in session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == DocumentIssued.type))
    }
    after = 0
    while batch := session.scalars(
        select(Document).where(Document.id > after).order_by(Document.id).limit(BATCH)
    ).all():
        after = batch[-1].id
        ids = [one.id for one in batch]
        lines, groups = _by_document(session, DocumentLine, ids), _by_document(session, DocumentVat, ids)
        wanted = select(IssuedStatement).where(IssuedStatement.document_id.in_(ids))
        stated = {one.document_id: _values(one) for one in session.scalars(wanted)}
        for one in batch:
            yield from _content(one, (lines[one.id], groups[one.id], stated.get(one.id)), logged.get(one.id))
        session.expunge_all()


def _content(document: Document, parts: Parts, logged: str | None) -> Iterator[AuditFinding]:
    lines, groups, stated = parts
    sums = [sum(line["net_cents"] for line in lines), sum(line["gross_cents"] for line in lines)]
    by_rate = sum(group["net_cents"] + group["vat_cents"] for group in groups)
    is_summed = sums == [document.net_cents, document.gross_cents] and by_rate == document.gross_cents
    if not is_summed or (stated is not None and not _states_its_sum(stated)):
        yield AuditFinding("document_sums", {"number": document.number})
    if not document.sha256 == logged == digest(_values(document), lines, groups, stated):
        yield AuditFinding("document_hash", {"number": document.number})


def _states_its_sum(stated: dict[str, Any]) -> bool:
    """Return whether what a statement says leads from what was owed before to what is owed after."""
    made_of = sum(cents for _text, cents in stated["made_of"])
    return bool(stated["opening_cents"] + made_of == stated["closing_cents"])


def _by_document(session: Session, model: type[Any], ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {each: [] for each in ids}
    order = select(model).where(model.document_id.in_(ids)).order_by(model.document_id, model.number)
    for row in session.scalars(order):
        found[row.document_id].append(_values(row))
    return found


def _values(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _files(session: Session) -> Iterator[AuditFinding]:
    rows = session.execute(
        select(Document.number, DocumentFile.pdf, DocumentFile.sha256)
        .join(DocumentFile, DocumentFile.document_id == Document.id)
        .order_by(Document.id)
        .execution_options(yield_per=50)
    )
    for number, pdf, sha256 in rows:
        if hashlib.sha256(pdf).hexdigest() != sha256:
            yield AuditFinding("document_file", {"number": number})
