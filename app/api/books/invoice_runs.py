"""Endpoints of many invoices at once: what can be issued, issuing it, what was not sent, sending it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Day, Id, PageLength, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.tasks import Task, accepted
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import is_carried_out
from app.clock import now
from app.documents import runs
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.documents import sending
from billing.documents.drafts import drafts, uninvoiced_lines
from billing.documents.runs import members_of_run, sums_of
from billing.errors.document_errors import AlreadySent, DocumentNotFound, FileNotMade
from billing.errors.money_errors import MemberWithoutEmail
from booking.kernel.transaction import in_write_transaction

TREASURERS = Access(treasurer=ALL)
SENT_AT_ONCE = 100


class InvoicePreviewQuery(RequestModel):
    """What can be issued. service_until: the last day of service. cursor, limit: of `waiting`."""

    service_until: Day
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class WaitingMember(ResponseModel):
    """A member to whom nothing can be issued. problems: codes of what is missing. cents: what is owed, VAT included."""

    member_id: int
    problems: list[str]
    cents: int


class InvoicePreview(ResponseModel):
    """What can be issued, by its sums. seen: names this preview in `POST /invoices/run`.

    waiting: who lacks something.
    """

    documents: int
    net_cents: int
    vat_cents: int
    gross_cents: int
    seen: str
    waiting: list[WaitingMember]
    next: str | None


class InvoiceRun(RequestModel):
    """Issue all that a preview showed. seen: of that preview; where something has changed since, nothing is issued."""

    service_until: Day
    seen: str = Field(pattern=r"^[0-9a-f]{64}$")


class InvoiceRunResult(ResponseModel):
    """How many documents were issued. changed: of how many members something has changed meanwhile: look again."""

    documents: int
    changed: int = 0


class UnsentQuery(RequestModel):
    """A page of documents that were neither sent nor printed. cursor: `next` of the page before."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class UnsentInvoice(ResponseModel):
    """A document that was neither sent nor printed. to_address: "" where no e-mail reaches its member.

    stated_cents: of a statement, what is owed at its end; its gross_cents are zero.
    """

    id: int
    number: str
    member_id: int
    issued_on: date
    gross_cents: int
    stated_cents: int | None
    has_file: bool
    to_address: str


class UnsentInvoices(ResponseModel):
    """Documents that were neither sent nor printed, in the order of their issue."""

    items: list[UnsentInvoice]
    next: str | None


class MassSending(RequestModel):
    """Send documents, each once. way: by mail, or print: they were printed."""

    invoice_ids: Annotated[list[Id], Field(min_length=1, max_length=SENT_AT_ONCE)]
    way: Literal["mail", "print"] = "mail"


class UnsentReason(ResponseModel):
    """A document that was not sent. code: of the error why."""

    id: int
    code: str


class MassSendingResult(ResponseModel):
    """The ids of the documents that were sent, and the others, each with its reason."""

    sent: list[int]
    refused: list[UnsentReason]


@Endpoint(
    "GET",
    "/invoices/preview",
    access=TREASURERS,
    query=InvoicePreviewQuery,
    response=InvoicePreview,
    accepted=Task,
)
def preview_invoices(query: InvoicePreviewQuery) -> InvoicePreview | Reply:
    """Get what can be issued with service until a day, by its sums, and which members wait for something missing.

    For more than 20,000 lines the reply is 202 and a background task.
    """
    if not is_carried_out() and _has_many_lines():
        return in_write_transaction(db.session(), accepted)
    found = sorted(drafts(db.session(), query.service_until).values(), key=lambda one: one.member_id)
    sums, waiting = sums_of(found), [one for one in found if one.problems]
    shown = waiting[query.cursor : query.cursor + query.limit]
    end = query.cursor + len(shown)
    return InvoicePreview(
        documents=sums.documents,
        net_cents=sums.net_cents,
        vat_cents=sums.vat_cents,
        gross_cents=sums.gross_cents,
        seen=sums.digest,
        waiting=[WaitingMember(member_id=one.member_id, problems=list(one.problems), cents=one.cents) for one in shown],
        next=str(end) if end < len(waiting) else None,
    )


@Endpoint(
    "POST",
    "/invoices/run",
    access=TREASURERS,
    body=InvoiceRun,
    response=InvoiceRunResult,
    status=201,
    errors=(409,),
    idempotent=True,
    accepted=Task,
)
def run_invoices(body: InvoiceRun) -> Reply:
    """Issue all that a preview showed, if nothing has changed since.

    For more than ten members the reply is 202 and a background task, which goes on where it was if it is interrupted.
    So it is for more than 20,000 lines: the task compares first, and has the reply 409 where something has changed.
    """
    session, by, until = db.session(), current_actor(), body.service_until
    if is_carried_out():  # the worker goes on with what was confirmed
        if not members_of_run(session, body.seen):
            runs.confirm_invoices(session, body.seen, until, by)
        result = runs.issue_invoices(session, body.seen, until, by)
        return reply(InvoiceRunResult(documents=result.documents, changed=result.changed), 201)
    if _has_many_lines():
        return run_idempotent(body, lambda: accepted(body))
    members = runs.seen_invoices(session, body.seen, until)

    def issue_unchanged() -> Reply:
        runs.confirm(session, body.seen, members, last_day=until, by=by)
        if len(members) > runs.AT_ONCE:
            return accepted(body)
        result = runs.issue_invoices(session, body.seen, until, by, runs.at_once)
        return reply(InvoiceRunResult(documents=result.documents, changed=result.changed), 201)

    return run_idempotent(body, issue_unchanged)


def _has_many_lines() -> bool:
    """Return whether comparing what can be issued takes longer than a request may."""
    return uninvoiced_lines(db.session()) > runs.LINES_AT_ONCE


@Endpoint("GET", "/invoices/unsent", access=TREASURERS, query=UnsentQuery, response=UnsentInvoices)
def list_unsent_invoices(query: UnsentQuery) -> UnsentInvoices:
    """List the documents that were neither sent nor printed. Those from before sending was recorded are left out."""
    shown, has_more = sending.unsent(db.session(), limit=query.limit, offset=query.cursor)
    items = [UnsentInvoice(**{name: getattr(one, name) for name in UnsentInvoice.model_fields}) for one in shown]
    return UnsentInvoices(items=items, next=str(query.cursor + len(shown)) if has_more else None)


@Endpoint(
    "POST",
    "/invoices/send",
    access=TREASURERS,
    body=MassSending,
    response=MassSendingResult,
    status=201,
    idempotent=True,
)
def send_invoices(body: MassSending) -> Reply:
    """Send documents by e-mail, or record that they were printed: each once. One that cannot be sent stops no other."""
    session, by, instant = db.session(), current_actor(), now()

    def send() -> Reply:
        sent, refused = list[int](), list[UnsentReason]()
        for document_id in dict.fromkeys(body.invoice_ids):
            try:
                sending.send(session, document_id, body.way, by=by, now=instant)
            except (AlreadySent, DocumentNotFound, FileNotMade, MemberWithoutEmail) as refusal:
                refused.append(UnsentReason(id=document_id, code=refusal.code))
            else:
                sent.append(document_id)
        return reply(MassSendingResult(sent=sent, refused=refused), 201)

    return run_idempotent(body, send)
