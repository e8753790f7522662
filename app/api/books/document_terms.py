"""Endpoints of what holds for all documents, the sentences about VAT, and a file that could not be made."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.api import revisions
from app.api.books.invoices import Invoice, invoice_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, Day, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.documents.making import try_again
from app.extensions import db
from billing.documents import terms
from billing.documents.terms import PAY_DAYS_MAX, TermsInput
from billing.queries import documents

TREASURERS = Access(treasurer=ALL)
LongText = Annotated[str, StringConstraints(strict=True, max_length=2_000, pattern=TEXT_PATTERN)]
Code = Literal["standard", "reduced", "exempt", "outside"]
Reason = Literal["small", "flat_rate", "exempt", "outside"]


class DocumentTermsChange(RequestModel):
    """What is left out stays as it is. *_code: the VAT of lines without a code of their own; null: not said."""

    pay_days: int | None = Field(None, strict=True, ge=0, le=PAY_DAYS_MAX)
    intro: LongText | None = None
    mail_text: LongText | None = None
    use_code: Code | None = None
    share_code: Code | None = None
    advance_code: Code | None = None
    other_code: Code | None = None


class DocumentTerms(ResponseModel):
    """What is said once for all invoices: days to pay, the words before the lines and in the mail, VAT by topic."""

    pay_days: int
    intro: str
    mail_text: str
    use_code: str | None
    share_code: str | None
    advance_code: str | None
    other_code: str | None


class VatText(RequestModel):
    """The sentence that an invoice needs for a reason (small business, flat rate, exempt, outside), from a day on."""

    reason: Reason
    valid_from: Day
    text: LongText = Field(min_length=1)


class VatTextOut(ResponseModel):
    """A sentence about VAT, until the next one of its reason."""

    reason: str
    valid_from: date
    text: str


class VatTexts(ResponseModel):
    """All sentences about VAT by reason, the latest first."""

    items: list[VatTextOut]


@Endpoint("GET", "/document-terms", access=TREASURERS, response=DocumentTerms, conditional=True)
def get_document_terms() -> Reply:
    """Get what is said once for all invoices."""
    return _terms()


@Endpoint(
    "PATCH",
    "/document-terms",
    access=TREASURERS,
    body=DocumentTermsChange,
    response=DocumentTerms,
    errors=(412,),
    conditional=True,
)
def change_document_terms(body: DocumentTermsChange) -> Reply:
    """Change what is said once for all invoices. Those that are issued keep theirs."""
    stored, current = terms.terms(db.session())
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    kept = {name: getattr(stored, name) for name in DocumentTermsChange.model_fields}
    unset = {name for name, value in sent.items() if value is None and not name.endswith("_code")}
    wanted = TermsInput(**kept | {name: value for name, value in sent.items() if name not in unset})
    revision = revisions.expected_of_part(current, is_whole=set(sent) == set(kept))
    by, instant = current_actor(), now()

    def change() -> Reply:
        terms.change_terms(db.session(), wanted, by=by, now=instant, revision=revision)
        return _terms()

    return run_idempotent(body, change)


@Endpoint("GET", "/document-terms/vat-texts", access=TREASURERS, response=VatTexts)
def list_vat_texts() -> VatTexts:
    """List the sentences about VAT."""
    return _texts()


@Endpoint("POST", "/document-terms/vat-texts", access=TREASURERS, body=VatText, response=VatTexts)
def enter_vat_text(body: VatText) -> Reply:
    """Enter a sentence about VAT from a day on, or correct that of the same day."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        terms.enter_vat_text(db.session(), body.reason, body.valid_from, body.text, by=by, now=instant)
        return reply(_texts())

    return run_idempotent(body, enter)


@Endpoint("POST", "/invoices/<id:document_id>/file", access=TREASURERS, response=Invoice, errors=(404,))
def make_file_again(document_id: int) -> Reply:
    """Have the file of a document tried at once that could not be made."""
    documents.document_row(db.session(), document_id)

    def make() -> Reply:
        session = db.session()
        try_again(session, document_id)
        return reply(invoice_of(documents.document_row(session, document_id)))

    return run_idempotent(None, make)


def _terms() -> Reply:
    stored, revision = terms.terms(db.session())
    facts = {name: getattr(stored, name) for name in DocumentTerms.model_fields}
    return reply(DocumentTerms(**facts), headers=revisions.etag(revision))


def _texts() -> VatTexts:
    found = terms.vat_texts(db.session())
    return VatTexts(items=[VatTextOut(reason=reason, valid_from=since, text=text) for reason, since, text in found])
