"""Endpoints of invoices: what was issued, issuing, taking back, the files."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask import Response
from flask_login import current_user
from pydantic import Field, StrictBool

from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Day, Id, Instant, PageLength, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.documents.composer import TextComposer
from app.extensions import db
from app.web.url_converters import ID_MAX
from app.wording.formats import as_zone
from billing.documents import issuing, sending
from billing.errors.document_errors import DocumentNotFound
from billing.queries import documents
from billing.queries.documents import DocumentRow
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import member_names
from booking.times.wall_clock import local_day

SEEN = Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN)
TREASURERS = Access(treasurer=ALL)


class InvoiceQuery(RequestModel):
    """A page of documents. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class InvoiceLine(ResponseModel):
    """A line: what for, when, at which rate. quantity: exact, in charge_unit ("" for none). cents without VAT."""

    text: str
    quantity: str
    charge_unit: str
    service_from: date
    service_until: date
    vat_category: str
    vat_percent: str
    net_cents: int


class Invoice(ResponseModel):
    """A document. kind: invoice, cancellation (takes cancels_id back) or statement. has_file: the PDF is made.

    sent_at: when it was sent by e-mail or printed last. is_sending_unknown: it was issued before that was recorded.
    stated_cents: of a statement, what is owed at its end; its other sums are zero.
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
    sent_at: Instant | None
    is_sending_unknown: bool
    stated_cents: int | None


class InvoiceDetails(Invoice):
    """A document with its lines."""

    lines: list[InvoiceLine]


class InvoiceList(ResponseModel):
    """Documents, the newest first."""

    items: list[Invoice]
    next: str | None


class NewInvoice(RequestModel):
    """Issue what a member owes with service until a day, and has in no document."""

    member_id: Id
    service_until: Day


class SendingRequest(RequestModel):
    """Send a document. way: by mail, or print: it was printed. again: although it was sent or printed before."""

    way: Literal["mail", "print"] = "mail"
    again: StrictBool = False


class IssuedInvoices(ResponseModel):
    """What was issued: none where nothing was open; two where a part is outside VAT."""

    items: list[Invoice]


@Endpoint("GET", "/invoices", access=SEEN, query=InvoiceQuery, response=InvoiceList)
def list_invoices(query: InvoiceQuery) -> InvoiceList:
    """List documents. Members see only their own."""
    own = None if permissions.reaches_all() else current_user.member_id
    rows, has_more = documents.documents(db.session(), member_id=own, limit=query.limit, offset=query.cursor)
    items, end = [invoice_of(row) for row in rows], str(query.cursor + len(rows))
    return InvoiceList(items=items, next=end if has_more else None)


@Endpoint("GET", "/invoices/<id:document_id>", access=SEEN, response=InvoiceDetails, errors=(404,))
def get_invoice(document_id: int) -> InvoiceDetails:
    """Get a document with its lines."""
    row = _seen(document_id)
    lines = [
        InvoiceLine(
            text=line.text,
            quantity=line.quantity,
            charge_unit=line.unit,
            service_from=line.service_from,
            service_until=line.service_until,
            vat_category=line.category,
            vat_percent=str(line.percent),
            net_cents=line.net_cents,
        )
        for line in documents.document(db.session(), document_id).lines
    ]
    return InvoiceDetails(**invoice_of(row).model_dump(), lines=lines)


@Endpoint("GET", "/invoices/<id:document_id>/pdf", access=SEEN, files=("application/pdf",), errors=(404,))
def get_invoice_pdf(document_id: int) -> Response:
    """Get the PDF of a document with the e-invoice inside; 404 until the worker has made it."""
    return _file(document_id, documents.pdf_of(db.session(), _seen(document_id).id), "application/pdf")


@Endpoint("GET", "/invoices/<id:document_id>/xml", access=SEEN, files=("application/xml",), errors=(404,))
def get_invoice_xml(document_id: int) -> Response:
    """Get the e-invoice of a document alone; 404 until the worker has made it."""
    return _file(document_id, documents.xml_of(db.session(), _seen(document_id).id), "application/xml")


@Endpoint(
    "POST",
    "/invoices",
    access=TREASURERS,
    body=NewInvoice,
    response=IssuedInvoices,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def issue_invoice(body: NewInvoice) -> Reply:
    """Issue what a member owes."""
    session, by, instant = db.session(), current_actor(), now()
    if not member_names(session, [body.member_id]):
        raise MemberNotFound(id=body.member_id)
    on = local_day(instant, as_zone(None))

    def issue() -> Reply:
        composer = TextComposer(session)
        ids = issuing.issue(session, body.member_id, body.service_until, composer, on=on, by=by, now=instant)
        return reply(IssuedInvoices(items=[invoice_of(documents.document_row(session, each)) for each in ids]), 201)

    return run_idempotent(body, issue)


@Endpoint(
    "POST",
    "/invoices/<id:document_id>/send",
    access=TREASURERS,
    body=SendingRequest,
    response=Invoice,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def send_invoice(document_id: int, body: SendingRequest) -> Reply:
    """Send a document to its member by e-mail, or record that it was printed; once, unless again is true."""
    session, by, instant = db.session(), current_actor(), now()
    after = len(sending.sendings(session, document_id)) if body.again else 0

    def send() -> Reply:
        sending.send(session, document_id, body.way, after=after, by=by, now=instant)
        return reply(invoice_of(documents.document_row(session, document_id)), 201)

    return run_idempotent(body, send)


@Endpoint(
    "POST",
    "/invoices/<id:document_id>/cancel",
    access=TREASURERS,
    response=Invoice,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def cancel_invoice(document_id: int) -> Reply:
    """Take an invoice back by a document with the opposite amounts. What the member owes does not change."""
    session, by, instant = db.session(), current_actor(), now()
    on = local_day(instant, as_zone(None))

    def cancel() -> Reply:
        new_id = issuing.cancel(session, document_id, TextComposer(session), on=on, by=by, now=instant)
        return reply(invoice_of(documents.document_row(session, new_id)), 201)

    return run_idempotent(None, cancel)


def _seen(document_id: int) -> DocumentRow:
    row = documents.document_row(db.session(), document_id)
    permissions.require(member_id=row.member_id, missing=DocumentNotFound(id=document_id))
    return row


def _file(document_id: int, content: bytes | None, media_type: str) -> Response:
    if content is None:
        raise DocumentNotFound(id=document_id)
    return Response(content, mimetype=media_type)


def invoice_of(row: DocumentRow) -> Invoice:
    """Return a document as the API has it."""
    return Invoice(**{name: getattr(row, name) for name in Invoice.model_fields})
