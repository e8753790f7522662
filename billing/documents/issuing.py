"""Issuing documents and taking them back. What is issued is never changed; the file is made after the commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from billing.document_errors import AlreadyCancelled, DocumentNotFound, NotCancellable, NotIssuable
from billing.documents import numbering
from billing.documents.drafts import Draft, DraftLine, Issuer, MemberDrafts, drafts, issuer
from billing.documents.terms import TermsInput, lock_documents, terms, vat_text_on
from billing.events import DocumentIssued
from billing.models import Document, DocumentLine, DocumentVat
from billing.parties.party import PartyView, party
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries.addressees import Addressee, addressees

INVOICE, CANCELLATION = "invoice", "cancellation"


@dataclass(frozen=True, slots=True)
class LineText:
    """A line as people read it. quantity: an exact decimal. working: pairs of text that explain the amount."""

    text: str
    detail: str
    quantity: Decimal
    unit: str
    working: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a document is about, for its texts. notes: the sentences about VAT."""

    kind: str
    number: str
    issued_on: date
    due_on: date
    gross_cents: int
    intro: str
    notes: tuple[str, ...]
    cancels: str = ""
    cancels_issued_on: date | None = None


class Composer(Protocol):
    """Writes the texts of documents in the language of the ring."""

    def line(self, line: DraftLine) -> LineText:
        """Return the text of a line."""

    def texts(self, heading: Heading) -> dict[str, Any]:
        """Return the texts of a document: title, intro, terms, notes, language."""


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
        _issue(session, draft, _parties(ring, member, details), said, composer, on=on, by=by, now=now)
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
    before = (document.number, document.issued_on)
    return _store(session, row, lines, groups, composer, ("", tuple(notes), *before), by=by, now=now)


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
    return _store(session, row, lines, groups, composer, (said.intro, notes, "", None), by=by, now=now)


def _store(
    session: Session,
    row: dict[str, Any],
    lines: Sequence[dict[str, Any]],
    groups: Sequence[dict[str, Any]],
    composer: Composer,
    about: tuple[str, tuple[str, ...], str, date | None],
    *,
    by: Actor,
    now: datetime,
) -> int:
    """Give a document its number and insert it: its lines first, because it closes them."""
    series, year = numbering.SERIES[row["kind"]], row["issued_on"].year
    sequence = numbering.next_number(session, series, year)
    net, vat = (sum(group[name] for group in groups) for name in ("net_cents", "vat_cents"))
    row |= {
        "id": (session.scalar(select(func.max(Document.id))) or 0) + 1,
        "series": series,
        "year": year,
        "sequence": sequence,
        "number": numbering.full_number(series, year, sequence),
        "net_cents": net,
        "vat_cents": vat,
        "gross_cents": net + vat,
        "lines": len(lines),
        "vat_groups": len(groups),
    }
    _write_texts(row, composer, about)
    numbered = [line | {"document_id": row["id"], "number": at} for at, line in enumerate(lines, start=1)]
    grouped = [group | {"document_id": row["id"], "number": at} for at, group in enumerate(groups, start=1)]
    row["sha256"] = digest(row, numbered, grouped)
    session.flush()
    session.execute(insert(DocumentLine), numbered)
    session.execute(insert(DocumentVat), grouped)
    session.execute(insert(Document), [row | {"issued_at": now, "issued_by": by.user_id}])
    names = ("member_id", "number", "gross_cents", "cancels_id", "sha256")
    events.record(session, DocumentIssued(document_id=row["id"], **{name: row[name] for name in names}), by=by, at=now)
    return int(row["id"])


def _write_texts(row: dict[str, Any], composer: Composer, about: tuple[str, tuple[str, ...], str, date | None]) -> None:
    """Write the texts of a document. about: intro, sentences about VAT, number and day of what it takes back."""
    intro, notes, cancels, cancels_on = about
    days = row["issued_on"], row["due_on"]
    heading = Heading(row["kind"], row["number"], *days, row["gross_cents"], intro, notes, cancels, cancels_on)
    row["texts"] = composer.texts(heading) | {"vat_notes": list(notes)}


def digest(row: dict[str, Any], lines: Sequence[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> str:
    """Return the SHA-256 over a document, its lines and its sums, but not over issued_at and issued_by."""
    plain = {name: value for name, value in row.items() if name not in ("issued_at", "issued_by", "sha256")}
    content = [plain, [_plain_line(line) for line in lines], [_plain_line(group) for group in groups]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True, default=str).encode()).hexdigest()


def _plain_line(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its rate as both databases give it back: with two decimals."""
    return row | {"percent": f"{Decimal(row['percent']):.2f}"}


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


def _parties(ring: Issuer, member: Addressee, details: PartyView) -> tuple[dict[str, Any], dict[str, Any]]:
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
