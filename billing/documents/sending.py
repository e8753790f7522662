"""Sending documents to their members: by mail, or printed and sent by post. Each once, unless it is asked for again.

The functions that write flush and never commit: call them inside write_transaction(). They lock the documents, so that
of two treasurers, or two clicks, one is refused. The mail follows from the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.documents.terms import lock_documents
from billing.errors.document_errors import AlreadySent, DocumentNotFound, FileNotMade
from billing.errors.money_errors import MemberWithoutEmail
from billing.events import DocumentSent
from billing.models import Document, DocumentFile, DocumentSending, DocumentTerms, IssuedStatement, Party
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries.addressees import email_of

MAIL, PRINT = "mail", "print"
WAYS = (MAIL, PRINT)
PAGE = 50
UNKNOWN_UNTIL = select(DocumentTerms.sending_unknown_until).scalar_subquery()


@dataclass(frozen=True, slots=True)
class UnsentSums:
    """How many documents were neither sent nor printed, how many of them have their file, and what they claim."""

    documents: int
    ready: int
    gross_cents: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """A document that was neither sent nor printed. to_address: "" where its member has no e-mail address.

    stated_cents: of a statement, what is owed at its end; its gross_cents are zero.
    """

    id: int
    number: str
    member_id: int
    issued_on: date
    gross_cents: int
    has_file: bool
    stated_cents: int | None
    to_address: str


def unsent(
    session: Session, *, limit: int = PAGE, offset: int = 0, printed_first: bool = False
) -> tuple[tuple[Unsent, ...], bool]:
    """Return a page of the documents that were neither sent nor printed, and whether there are more.

    In the order of their issue; printed_first: those that no e-mail reaches before the others.

    An invoice that was taken back before it was sent is left out, and so is what took it back, and a statement whose
    days are stated anew. So are those that were issued before sending was recorded: nobody knows whether they were
    sent.
    """
    order = (case((ADDRESS == "", 0), else_=1), Document.id) if printed_first else (Document.id,)
    rows = session.execute(_unsent().order_by(*order).limit(limit + 1).offset(offset)).all()
    return tuple(Unsent(*row) for row in rows[:limit]), len(rows) > limit


def unsent_sums(session: Session) -> dict[str, UnsentSums]:
    """Return way -> the sums of the documents that were neither sent nor printed; a way without any is left out."""
    found = _unsent().subquery()
    way = case((found.c.to_address == "", PRINT), else_=MAIL)
    ready = func.sum(case((found.c.has_file, 1), else_=0))
    rows = session.execute(select(way, func.count(), ready, func.sum(found.c.gross_cents)).group_by(way))
    return {each: UnsentSums(int(count), int(made), int(cents)) for each, count, made, cents in rows}


def ready_ids(session: Session, way: str) -> list[int]:
    """Return the unsent documents of a way whose files are made: only these are in a mail or in the PDF to print."""
    found = _unsent().subquery()
    is_of_way = found.c.to_address == "" if way == PRINT else found.c.to_address != ""
    return list(session.scalars(select(found.c.id).where(found.c.has_file, is_of_way).order_by(found.c.id)))


def unsent_count(session: Session) -> int:
    """Return how many documents were neither sent nor printed."""
    return session.scalar(select(func.count()).select_from(_unsent().subquery())) or 0


def unknown_count(session: Session) -> int:
    """Return how many documents were issued before sending was recorded, and not sent since."""
    was_sent = exists().where(DocumentSending.document_id == Document.id)
    unknown = select(func.count()).select_from(Document).where(Document.id <= UNKNOWN_UNTIL, ~was_sent)
    return session.scalar(unknown) or 0


def send(session: Session, document_id: int, way: str = MAIL, *, after: int = 0, by: Actor, now: datetime) -> int:
    """Send a document to its member, or record that it was printed; return the id of the sending.

    after: how often it was sent before, as whoever sends it has seen.

    Raises DocumentNotFound, FileNotMade, AlreadySent, MemberWithoutEmail.
    """
    if way not in WAYS:
        raise ValueError(f"no way {way!r}")
    lock_documents(session)
    wanted = select(Document.number, Document.member_id, ADDRESS.label("to_address")).where(Document.id == document_id)
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise DocumentNotFound(id=document_id)
    if session.scalar(select(DocumentFile.document_id).where(DocumentFile.document_id == document_id)) is None:
        raise FileNotMade(number=found.number)
    last = select(func.max(DocumentSending.turn)).where(DocumentSending.document_id == document_id)
    turn = (session.scalar(last) or 0) + 1
    if turn != after + 1:
        raise AlreadySent(number=found.number)
    to_address = found.to_address if way == MAIL else ""
    if way == MAIL and not to_address:
        raise MemberWithoutEmail(id=found.member_id)
    row = DocumentSending(
        document_id=document_id, turn=turn, way=way, to_address=to_address, queued_at=now, queued_by=by.user_id
    )
    session.add(row)
    session.flush()
    sent = DocumentSent(document_id, found.member_id, found.number, row.id, way, turn)
    events.record(session, sent, by=by, at=now)
    return row.id


def sendings(session: Session, document_id: int) -> tuple[DocumentSending, ...]:
    """Return when a document was sent or printed, the latest first."""
    statement = select(DocumentSending).where(DocumentSending.document_id == document_id)
    return tuple(session.scalars(statement.order_by(DocumentSending.turn.desc())))


def is_stated_anew() -> ColumnElement[bool]:
    """Return the condition that a document is a statement whose days a later one states."""
    stated, later = aliased(IssuedStatement), aliased(IssuedStatement)
    same_days = later.first_day == stated.first_day, later.last_day == stated.last_day
    is_of_member = stated.document_id == Document.id, later.member_id == stated.member_id
    return exists().where(*is_of_member, *same_days, later.turn > stated.turn)


# The e-mail address for documents: the one stated for them, else the member's; "" for none.
ADDRESS = func.coalesce(
    func.nullif(select(Party.document_email).where(Party.id == Document.member_id).scalar_subquery(), ""),
    email_of(Document.member_id),
)


def _unsent() -> Select[Any]:
    """Return the columns of Unsent, by their names."""
    back = aliased(Document)
    was_sent = exists().where(DocumentSending.document_id == Document.id)
    original_was_sent = exists().where(DocumentSending.document_id == Document.cancels_id)
    may_be_known = original_was_sent | (Document.cancels_id <= UNKNOWN_UNTIL)  # its member may have the invoice
    is_void = exists().where(back.cancels_id == Document.id)
    is_known = Document.id > UNKNOWN_UNTIL
    stated = select(IssuedStatement.closing_cents).where(IssuedStatement.document_id == Document.id)
    return select(
        Document.id,
        Document.number,
        Document.member_id,
        Document.issued_on,
        Document.gross_cents,
        exists().where(DocumentFile.document_id == Document.id).label("has_file"),
        stated.scalar_subquery().label("stated_cents"),
        ADDRESS.label("to_address"),
    ).where(~was_sent, ~is_void, ~is_stated_anew(), Document.cancels_id.is_(None) | may_be_known, is_known)
