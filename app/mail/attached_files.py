"""The file that a mail brings: that of a document, read when the mail is sent, so that the outbox holds no copy."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.outgoing import AttachedFile, OutgoingMail
from billing.models import Document, DocumentFile, DocumentSending


def attached_file(session: Session, mail: OutgoingMail) -> AttachedFile | None:
    """Return the file of a mail; None where it has none. Only reads; leaves no transaction open."""
    if mail.document_sending_id is None:
        return None
    found = session.execute(
        select(Document.number, DocumentFile.pdf)
        .join(DocumentFile, DocumentFile.document_id == Document.id)
        .join(DocumentSending, DocumentSending.document_id == Document.id)
        .where(DocumentSending.id == mail.document_sending_id)
    ).one()
    session.rollback()
    return AttachedFile(f"{found.number}.pdf", found.pdf)
