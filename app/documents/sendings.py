"""What became of the mails of a document: sent, waiting, or given up with the reason of the mail server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from app.mail.models import SENT_DAYS, Mail
from billing.documents.sending import MAIL, sendings
from billing.models import Document, DocumentSending

SENT, WAITING, FAILED = "sent", "waiting", "failed"
KEPT = timedelta(days=SENT_DAYS)


@dataclass(frozen=True, slots=True)
class SendingState:
    """How a document was sent. state: sent, waiting or failed. reason: what the mail server said. at: then."""

    way: str
    to_address: str
    at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailedSending:
    """A document whose last mail was given up. reason: what the mail server said."""

    document_id: int
    number: str
    to_address: str
    reason: str


def sending_states(session: Session, document_id: int, now: datetime) -> tuple[SendingState, ...]:
    """Return how a document was sent, the latest first. A mail sent long ago is not kept and counts as sent."""
    found = sendings(session, document_id)
    wanted = select(Mail).where(Mail.document_sending_id.in_([one.id for one in found]))
    mails = {mail.document_sending_id: mail for mail in session.scalars(wanted)}
    return tuple(
        SendingState(one.way, one.to_address, one.queued_at, *_state(one, mails.get(one.id), now)) for one in found
    )


def failed_sendings(session: Session) -> tuple[FailedSending, ...]:
    """Return the documents that could not be delivered and were not sent again since, the oldest first."""
    later = aliased(DocumentSending)
    is_last = ~exists().where(later.document_id == DocumentSending.document_id, later.turn > DocumentSending.turn)
    statement = (
        select(Document.id, Document.number, DocumentSending.to_address, Mail.last_error)
        .join(DocumentSending, DocumentSending.document_id == Document.id)
        .join(Mail, Mail.document_sending_id == DocumentSending.id)
        .where(Mail.given_up_at.is_not(None), is_last)
        .order_by(Document.id)
    )
    return tuple(FailedSending(*row) for row in session.execute(statement))


def _state(sending: DocumentSending, mail: Mail | None, now: datetime) -> tuple[str, str]:
    if mail is None:  # its event is not delivered yet, or it was sent so long ago that it was deleted
        is_to_come = sending.way == MAIL and now - sending.queued_at < KEPT
        return (WAITING if is_to_come else SENT), ""
    if mail.sent_at is not None:
        return SENT, ""
    return (FAILED if mail.given_up_at is not None else WAITING), mail.last_error
