"""The subscribers that mail members what they owe: advances that were called, fees, statements that were sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification
from app.notifications.notifying import members_of, notify
from app.wording.documents import KIND_LABELS
from app.wording.fees import fee_kind_label, fee_steps, fee_text
from app.wording.ledger import topic_label
from billing.documents.issuing import INVOICE
from billing.documents.sending import MAIL
from billing.documents.terms import terms
from billing.events import AdvancePosted, DocumentSent, FeePosted, StatementSent
from billing.models import DocumentSending
from billing.queries.advances import advance, owed_by_member
from billing.queries.balances import balance_of
from billing.queries.documents import document_row
from billing.queries.fees import fee, way_back
from billing.queries.pools import pool_names
from billing.queries.statements import statement
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import machine_names


def advance_posted(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify each member who owes an advance, or owes it no longer."""
    view = advance(session, event.facts["advance_id"])
    pool = pool_names(session)[view.pool_id]
    for member_id, shares, cents in owed_by_member(session, view.id):
        balance = balance_of(session, member_id).cents
        facts = {"advance": view, "pool": pool, "shares": shares, "cents": cents, "balance": balance}
        notification = Notification("advance_called", facts, "/costs/balance")
        notify(session, event, notification, recipients.of_member(session, member_id), now)


def fee_posted(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of a fee with its working, or that it was taken back."""
    view = fee(session, event.facts["fee_id"])
    original = view if view.reverses_id is None else fee(session, view.reverses_id)
    facts = {
        "fee": view,
        "original": original,
        "kind_label": fee_kind_label,
        "text_of": fee_text,
        "machine": machine_names(session).get(view.machine_id or 0, ""),
        "steps": fee_steps,
        "way_back": way_back(session, view),
        "balance": balance_of(session, view.member_id).cents,
    }
    notify(session, event, Notification("fee_made", facts, f"/fees/{original.id}"), members_of(session, event), now)


def statement_sent(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Send the sums of a statement to its member, with the way to its lines."""
    days = date.fromisoformat(event.facts["period_from"]), date.fromisoformat(event.facts["period_until"])
    view = statement(session, event.facts["member_id"], *days)
    path = f"/costs/balance/statement?from={days[0]}&until={days[1]}"
    facts = {"statement": view, "topic_label": topic_label}
    notify(session, event, Notification("statement", facts, path), members_of(session, event), now)


def document_sent(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Send a document to the address that its sending names, with the ring's own words."""
    sending = session.get_one(DocumentSending, event.facts["sending_id"])
    if sending.way != MAIL:
        return
    document = document_row(session, sending.document_id)
    key = f"sending{sending.id}:member{document.member_id}"
    to = recipients.at_address(session, document.member_id, key, sending.to_address)
    facts = {
        "document": document,
        "title": KIND_LABELS[document.kind],
        "sum": document.gross_cents if document.stated_cents is None else document.stated_cents,
        "words": terms(session)[0].mail_text if document.kind == INVOICE else "",  # they are written for invoices
    }
    path = f"/invoices/{document.id}"
    notify(session, event, Notification("document_sent", facts, path, document_sending_id=sending.id), [to], now)


HANDLERS: dict[str, Handler] = {
    AdvancePosted.type: advance_posted,
    FeePosted.type: fee_posted,
    StatementSent.type: statement_sent,
    DocumentSent.type: document_sent,
}
