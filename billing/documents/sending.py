"""Sending documents to their members: by mail, or printed and sent by post. Each once, unless it is asked for again.

The functions that write flush and never commit: call them inside write_transaction(). They lock the documents, so that
of two treasurers, or two clicks, one is refused. The mail follows from the event.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.document_errors import AlreadySent, DocumentNotFound, FileNotMade
from billing.documents.terms import lock_documents
from billing.errors import MemberWithoutEmail
from billing.events import DocumentSent
from billing.models import Document, DocumentFile, DocumentSending, DocumentTerms, IssuedStatement
from billing.parties.party import parties
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries.addressees import addressees

MAIL, PRINT = "mail", "print"
WAYS = (MAIL, PRINT)
UNKNOWN_UNTIL = select(DocumentTerms.sending_unknown_until).scalar_subquery()


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


def addresses_of(session: Session, member_ids: Collection[int]) -> dict[int, str]:
    """Return member id -> the e-mail address for documents: the one stated for them, else the member's; "" for none."""
    details, members = parties(session, sorted(member_ids)), addressees(session, member_ids)
    stated = {member_id: details[member_id].document_email for member_id in details}
    return {each: stated.get(each) or members[each].email for each in members}


def unsent(session: Session) -> tuple[Unsent, ...]:
    """Return the documents that were neither sent nor printed, in the order of their issue.

    An invoice that was taken back before it was sent is left out, and so is what took it back, and a statement whose
    days are stated anew. So are those that were issued before sending was recorded: nobody knows whether they were
    sent.
    """
    rows = session.execute(_unsent().order_by(Document.id)).all()
    addresses = addresses_of(session, {row.member_id for row in rows})
    return tuple(Unsent(*row, addresses.get(row.member_id, "")) for row in rows)


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
    found = session.execute(select(Document.number, Document.member_id).where(Document.id == document_id)).one_or_none()
    if found is None:
        raise DocumentNotFound(id=document_id)
    if session.scalar(select(DocumentFile.document_id).where(DocumentFile.document_id == document_id)) is None:
        raise FileNotMade(number=found.number)
    last = select(func.max(DocumentSending.turn)).where(DocumentSending.document_id == document_id)
    turn = (session.scalar(last) or 0) + 1
    if turn != after + 1:
        raise AlreadySent(number=found.number)
    to_address = addresses_of(session, [found.member_id])[found.member_id] if way == MAIL else ""
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


def _unsent() -> Select[int, str, int, date, int, bool, int | None]:
    back = aliased(Document)
    was_sent = exists().where(DocumentSending.document_id == Document.id)
    original_was_sent = exists().where(DocumentSending.document_id == Document.cancels_id)
    may_be_known = original_was_sent | (Document.cancels_id <= UNKNOWN_UNTIL)  # its member may have the invoice
    is_void = exists().where(back.cancels_id == Document.id)
    is_known = Document.id > UNKNOWN_UNTIL
    return select(
        Document.id,
        Document.number,
        Document.member_id,
        Document.issued_on,
        Document.gross_cents,
        exists().where(DocumentFile.document_id == Document.id),
        select(IssuedStatement.closing_cents).where(IssuedStatement.document_id == Document.id).scalar_subquery(),
    ).where(~was_sent, ~is_void, ~is_stated_anew(), Document.cancels_id.is_(None) | may_be_known, is_known)
