"""Issuing documents and taking them back. What is issued is never changed; the file is made after the commit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.documents.drafts import Draft, DraftLine, Issuer, MemberDrafts, drafts, issuer
from billing.documents.storing import Parts, Said, store
from billing.documents.terms import TermsInput, lock_documents, terms, vat_text_on
from billing.documents.texts import LineText, TextWriter
from billing.errors.document_errors import AlreadyCancelled, DocumentNotFound, NotCancellable, NotIssuable
from billing.models import Document, DocumentLine, DocumentVat
from billing.parties.party import PartyView, party
from booking.kernel.events import Actor
from booking.queries.addressees import Addressee, addressees

INVOICE, CANCELLATION = "invoice", "cancellation"


class Composer(TextWriter, Protocol):
    """Writes the texts of invoices in the language of the ring."""

    def line(self, line: DraftLine) -> LineText:
        """Return the text of a line."""


def issue(
    session: Session, member_id: int, until: date, composer: Composer, *, on: date, by: Actor, now: datetime
) -> tuple[int, ...]:
    """Issue what a member owes and has in no document, with service until a day; return the ids, none if nothing.

    on: the day of issue. Call inside write_transaction(). Raises NotIssuable (problems).
    """
    lock_documents(session)
    found = drafts(session, until, [member_id]).get(member_id)
    return () if found is None else issue_found(session, found, composer, on=on, by=by, now=now)


def issue_found(
    session: Session, found: MemberDrafts, composer: Composer, *, on: date, by: Actor, now: datetime
) -> tuple[int, ...]:
    """Issue what was found while the documents were locked, as issue() does."""
    member_id = found.member_id
    if found.problems:
        raise NotIssuable(problems=list(found.problems), member_id=member_id)
    member, details = addressees(session, [member_id])[member_id], party(session, member_id)
    said, ring = terms(session)[0], issuer(session)
    return tuple(
        _issue(session, draft, sides(ring, member, details), said, composer, on=on, by=by, now=now)
        for draft in found.drafts
    )


def cancel(session: Session, document_id: int, composer: Composer, *, on: date, by: Actor, now: datetime) -> int:
    """Take an invoice back by a document with the opposite amounts; return its id. Its lines can be invoiced again.

    Raises DocumentNotFound, NotCancellable (it is a cancellation itself), AlreadyCancelled.
    """
    lock_documents(session)
    document = session.get(Document, document_id)
    if document is None:
        raise DocumentNotFound(id=document_id)
    if document.kind != INVOICE:
        raise NotCancellable(number=document.number)
    taken_back_by = session.scalar(select(Document.number).where(Document.cancels_id == document_id))
    if taken_back_by is not None:
        raise AlreadyCancelled(number=document.number, by=taken_back_by)
    order = select(DocumentLine).where(DocumentLine.document_id == document_id).order_by(DocumentLine.number)
    lines = [_mirrored(line) for line in session.scalars(order)]
    groups = [
        _row_of(group) | {"net_cents": -group.net_cents, "vat_cents": -group.vat_cents}
        for group in session.scalars(
            select(DocumentVat).where(DocumentVat.document_id == document_id).order_by(DocumentVat.number)
        )
    ]
    notes = document.texts["vat_notes"]
    row = {
        "kind": CANCELLATION,
        "member_id": document.member_id,
        "issued_on": on,
        "due_on": on,
        "service_from": document.service_from,
        "service_until": document.service_until,
        "seller": document.seller,
        "buyer": document.buyer,
        "cancels_id": document.id,
    }
    said = Said("", tuple(notes), document.number, document.issued_on)
    return store(session, row, Parts(lines, groups), composer, said, by=by, now=now)


def _issue(
    session: Session,
    draft: Draft,
    sides: tuple[dict[str, Any], dict[str, Any]],
    said: TermsInput,
    composer: Composer,
    *,
    on: date,
    by: Actor,
    now: datetime,
) -> int:
    reasons = dict.fromkeys(group.treatment.reason for group in draft.taxed.groups)
    notes = tuple(text for reason in reasons if reason and (text := vat_text_on(session, reason, on)))
    lines = [
        _line(line, net, composer.line(line)) for line, net in zip(draft.lines, draft.taxed.net_cents, strict=True)
    ]
    groups = [
        asdict(group.treatment) | {"net_cents": group.net_cents, "vat_cents": group.vat_cents}
        for group in draft.taxed.groups
    ]
    row = {
        "kind": INVOICE,
        "member_id": draft.member_id,
        "issued_on": on,
        "due_on": on + timedelta(days=said.pay_days),
        "service_from": draft.service_from,
        "service_until": draft.service_until,
        "seller": sides[0],
        "buyer": sides[1],
        "cancels_id": None,
    }
    return store(session, row, Parts(lines, groups), composer, Said(said.intro, notes), by=by, now=now)


def _line(line: DraftLine, net_cents: int, text: LineText) -> dict[str, Any]:
    return {
        "entry_id": line.entry_id,
        "posting_number": line.posting_number,
        "turn": line.turn,
        "text": text.text,
        "detail": text.detail,
        "quantity": str(text.quantity),
        "unit": text.unit,
        "service_from": line.service_from,
        "service_until": line.service_until,
        **asdict(line.treatment),
        "net_cents": net_cents,
        "gross_cents": line.cents,
        "working": [list(pair) for pair in text.working],
    }


def _mirrored(line: DocumentLine) -> dict[str, Any]:
    opposite = {"turn": line.turn + 1, "net_cents": -line.net_cents, "gross_cents": -line.gross_cents, "working": []}
    return _row_of(line) | opposite | {"quantity": str(-Decimal(line.quantity))}


def _row_of(record: DocumentLine | DocumentVat) -> dict[str, Any]:
    return {
        column.key: getattr(record, column.key) for column in record.__table__.columns if column.key != "document_id"
    }


def sides(ring: Issuer, member: Addressee, details: PartyView) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides as they are now; the document keeps them."""
    own, address = ring.details, ring.name.address
    seller = {
        "name": ring.name.name,
        "addressee": address.name,
        "street": address.street,
        "postcode": address.postcode,
        "town": address.town,
        "country": address.country,
        "email": own.contact_email or ring.name.email,
        "vat_id": own.vat_id,
        "tax_number": own.tax_number,
        "iban": own.iban,
        "creditor_id": own.creditor_id,
        "contact_name": own.contact_name,
        "contact_phone": own.contact_phone,
        "contact_email": own.contact_email,
    }
    buyer = {
        "number": member.number,
        "name": member.name,
        "addressee": member.address.name,
        "street": member.address.street,
        "postcode": member.address.postcode,
        "town": member.address.town,
        "country": member.address.country,
        "email": details.document_email or member.email,
        "vat_id": details.vat_id,
        "leitweg_id": details.leitweg_id,
    }
    return seller, buyer
