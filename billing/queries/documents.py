"""Documents as pages, programs and the renderer read them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.document_errors import DocumentNotFound
from billing.models import Document, DocumentFile, DocumentLine, DocumentSending, DocumentTerms, DocumentVat

INVOICE, CANCELLATION, STATEMENT = "invoice", "cancellation", "statement"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list. cancelled_by_id: what took it back. has_file: its file is made. sent_at: the last time.

    is_sending_unknown: it was issued before sending was recorded, and not sent since.
    """

    id: int
    kind: str
    number: str
    member_id: int
    issued_on: date
    due_on: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    cancels_id: int | None
    cancelled_by_id: int | None
    has_file: bool
    sent_at: datetime | None
    is_sending_unknown: bool


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A document with its lines and sums."""

    row: DocumentRow
    record: Document
    lines: tuple[DocumentLine, ...]
    groups: tuple[DocumentVat, ...]


def documents(
    session: Session,
    *,
    member_id: int | None = None,
    year: int | None = None,
    kind: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[tuple[DocumentRow, ...], bool]:
    """Return a page of documents, the newest first, and whether there are more."""
    statement = _rows()
    for column, wanted in ((Document.member_id, member_id), (Document.year, year), (Document.kind, kind)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    rows = session.execute(statement.order_by(Document.id.desc()).limit(limit + 1).offset(offset)).all()
    return tuple(DocumentRow(*row) for row in rows[:limit]), len(rows) > limit


def document_row(session: Session, document_id: int) -> DocumentRow:
    """Return a document as in a list. Raises DocumentNotFound."""
    row = session.execute(_rows().where(Document.id == document_id)).one_or_none()
    if row is None:
        raise DocumentNotFound(id=document_id)
    return DocumentRow(*row)


def document(session: Session, document_id: int) -> IssuedDocument:
    """Return a document with its lines and sums. Raises DocumentNotFound."""
    row = document_row(session, document_id)
    return issued_documents(session, [row])[0]


def issued_documents(session: Session, rows: Sequence[DocumentRow]) -> tuple[IssuedDocument, ...]:
    """Return documents with their lines and sums, in three statements."""
    ids = [row.id for row in rows]
    records = {one.id: one for one in session.scalars(select(Document).where(Document.id.in_(ids)))}
    lines: dict[int, list[DocumentLine]] = {each: [] for each in ids}
    order = select(DocumentLine).where(DocumentLine.document_id.in_(ids))
    for line in session.scalars(order.order_by(DocumentLine.document_id, DocumentLine.number)):
        lines[line.document_id].append(line)
    groups: dict[int, list[DocumentVat]] = {each: [] for each in ids}
    sums = select(DocumentVat).where(DocumentVat.document_id.in_(ids))
    for group in session.scalars(sums.order_by(DocumentVat.document_id, DocumentVat.number)):
        groups[group.document_id].append(group)
    return tuple(IssuedDocument(row, records[row.id], tuple(lines[row.id]), tuple(groups[row.id])) for row in rows)


def document_record(session: Session, document_id: int) -> Document:
    """Return the whole row of a document. Raises DocumentNotFound."""
    record = session.get(Document, document_id)
    if record is None:
        raise DocumentNotFound(id=document_id)
    return record


def document_lines(
    session: Session, document_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[DocumentLine, ...], bool]:
    """Return a page of the lines of a document, and whether there are more."""
    statement = select(DocumentLine).where(DocumentLine.document_id == document_id).order_by(DocumentLine.number)
    rows = session.scalars(statement.limit(limit + 1).offset(offset)).all()
    return tuple(rows[:limit]), len(rows) > limit


def document_sums(session: Session, document_id: int) -> tuple[DocumentVat, ...]:
    """Return the sums of a document by rate."""
    statement = select(DocumentVat).where(DocumentVat.document_id == document_id).order_by(DocumentVat.number)
    return tuple(session.scalars(statement))


def unmade(session: Session, *, limit: int, without: Collection[int] = ()) -> tuple[DocumentRow, ...]:
    """Return documents whose file is not made yet, the oldest first."""
    statement = _rows().where(~exists().where(DocumentFile.document_id == Document.id))
    if without:
        statement = statement.where(Document.id.not_in(without))
    return tuple(DocumentRow(*row) for row in session.execute(statement.order_by(Document.id).limit(limit)))


def files_progress(session: Session) -> tuple[int, int]:
    """Return how many files are made, and how many there will be, of the documents since the day of the oldest without.

    (0, 0) where none is missing.
    """
    missing = ~exists().where(DocumentFile.document_id == Document.id)
    left, since = session.execute(select(func.count(), func.min(Document.issued_on)).where(missing)).one()
    if not left:
        return 0, 0
    total = session.scalar(select(func.count()).select_from(Document).where(Document.issued_on >= since)) or 0
    return total - left, total


def pdf_of(session: Session, document_id: int) -> bytes | None:
    """Return the PDF of a document; None while it is not made."""
    return session.scalar(select(DocumentFile.pdf).where(DocumentFile.document_id == document_id))


def xml_of(session: Session, document_id: int) -> bytes | None:
    """Return the e-invoice of a document; None while it is not made, and of a statement."""
    return session.scalar(select(DocumentFile.xml).where(DocumentFile.document_id == document_id)) or None


def years_with_documents(session: Session) -> tuple[int, ...]:
    """Return the years in which documents were issued, the latest first."""
    return tuple(session.scalars(select(Document.year).distinct().order_by(Document.year.desc())))


def numbers_of(session: Session, document_ids: Collection[int]) -> dict[int, str]:
    """Return the numbers of documents by their ids."""
    rows = session.execute(select(Document.id, Document.number).where(Document.id.in_(document_ids)))
    return {row.id: row.number for row in rows}


def _rows() -> Select[*tuple[Any, ...]]:
    cancelling = aliased(Document)
    taken_back = select(cancelling.id).where(cancelling.cancels_id == Document.id).scalar_subquery()
    was_sent = exists().where(DocumentSending.document_id == Document.id)
    until = select(DocumentTerms.sending_unknown_until)
    sent = select(func.max(DocumentSending.queued_at)).where(DocumentSending.document_id == Document.id)
    return select(
        Document.id,
        Document.kind,
        Document.number,
        Document.member_id,
        Document.issued_on,
        Document.due_on,
        Document.net_cents,
        Document.vat_cents,
        Document.gross_cents,
        Document.cancels_id,
        taken_back,
        exists().where(DocumentFile.document_id == Document.id),
        sent.scalar_subquery(),
        (Document.id <= until.scalar_subquery()) & ~was_sent,
    )
