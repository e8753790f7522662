"""Documents as pages, programs and the renderer read them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.documents.sending import is_stated_anew
from billing.errors.document_errors import DocumentNotFound
from billing.models import (
    Document,
    DocumentFile,
    DocumentLine,
    DocumentSending,
    DocumentTerms,
    DocumentVat,
    FailedFile,
    IssuedStatement,
)

INVOICE, CANCELLATION, STATEMENT = "invoice", "cancellation", "statement"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list. cancelled_by_id: what took it back. has_file: its file is made. sent_at: the last time.

    is_sending_unknown: it was issued before sending was recorded, and not sent since. stated_cents: of a statement,
    what is owed at its end.
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
    stated_cents: int | None


@dataclass(frozen=True, slots=True)
class FailedFileRow:
    """A document whose file could not be made. reason: what the program that makes files said."""

    document_id: int
    number: str
    reason: str
    attempts: int
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A document with its lines and sums, or with what it states."""

    row: DocumentRow
    record: Document
    lines: tuple[DocumentLine, ...]
    groups: tuple[DocumentVat, ...]
    stated: IssuedStatement | None = None


def documents(
    session: Session,
    *,
    member_id: int | None = None,
    year: int | None = None,
    kind: str | None = None,
    without: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[tuple[DocumentRow, ...], bool]:
    """Return a page of documents, the newest first, and whether there are more. without: a kind to leave out."""
    statement = _rows()
    for column, wanted in ((Document.member_id, member_id), (Document.year, year), (Document.kind, kind)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if without is not None:
        statement = statement.where(Document.kind != without)
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
    """Return documents with their lines and sums, in three statements; one more where there are statements."""
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
    stated = statements_of(session, [row.id for row in rows if row.kind == STATEMENT])
    return tuple(
        IssuedDocument(row, records[row.id], tuple(lines[row.id]), tuple(groups[row.id]), stated.get(row.id))
        for row in rows
    )


def statements_of(session: Session, document_ids: Collection[int]) -> dict[int, IssuedStatement]:
    """Return document id -> what it states."""
    if not document_ids:
        return {}
    wanted = select(IssuedStatement).where(IssuedStatement.document_id.in_(document_ids))
    return {one.document_id: one for one in session.scalars(wanted)}


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


def unmade(session: Session, *, limit: int, now: datetime) -> tuple[DocumentRow, ...]:
    """Return documents whose file is not made yet, the oldest first; without those that are put off."""
    statement = _rows().where(~exists().where(DocumentFile.document_id == Document.id), ~put_off(now))
    return tuple(DocumentRow(*row) for row in session.execute(statement.order_by(Document.id).limit(limit)))


def put_off(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the file of a document could not be made, and is not to be tried yet."""
    return exists().where(FailedFile.document_id == Document.id, FailedFile.next_attempt_at > now)


def failed_files(session: Session, *, limit: int) -> tuple[FailedFileRow, ...]:
    """Return the documents whose files could not be made, the oldest first; no statement whose days are stated anew."""
    found = _failed().where(~is_stated_anew()).order_by(Document.id).limit(limit)
    return tuple(FailedFileRow(*row) for row in session.execute(found))


def failed_file(session: Session, document_id: int) -> FailedFileRow | None:
    """Return why the file of a document could not be made; None where it was not tried, or is made."""
    row = session.execute(_failed().where(Document.id == document_id)).one_or_none()
    return None if row is None else FailedFileRow(*row)


def has_statements(session: Session, member_id: int | None = None) -> bool:
    """Return whether statements were issued, to a member or at all."""
    found = select(IssuedStatement.document_id)
    if member_id is not None:
        found = found.where(IssuedStatement.member_id == member_id)
    return session.scalar(found.limit(1)) is not None


def files_progress(session: Session) -> tuple[int, int]:
    """Return how many files are made, and how many there will be, of the documents since the day of the oldest without.

    (0, 0) where none is missing. Those that could not be made are not counted: failed_files().
    """
    has_failed = exists().where(FailedFile.document_id == Document.id)
    missing = ~exists().where(DocumentFile.document_id == Document.id) & ~has_failed
    left, since = session.execute(select(func.count(), func.min(Document.issued_on)).where(missing)).one()
    if not left:
        return 0, 0
    counted = select(func.count()).select_from(Document).where(Document.issued_on >= since, ~has_failed)
    total = session.scalar(counted) or 0
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


def _failed() -> Select[int, str, str, int, datetime]:
    columns = (Document.id, Document.number, FailedFile.reason, FailedFile.attempts, FailedFile.next_attempt_at)
    return select(*columns).join(FailedFile, FailedFile.document_id == Document.id)


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
        select(IssuedStatement.closing_cents).where(IssuedStatement.document_id == Document.id).scalar_subquery(),
    )
