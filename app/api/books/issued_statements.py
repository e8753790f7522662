"""Endpoints of statements as numbered documents: what can be issued, issuing one or all of it, what was issued.

Their files and their sending are those of all documents: `/invoices/{id}/pdf`, `/invoices/{id}/send`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_login import current_user
from pydantic import Field

from app.api.books.invoice_runs import InvoiceRunResult
from app.api.books.invoices import Invoice, invoice_of
from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Id, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.tasks import Task, accepted
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access, reaches_all
from app.background.deferral import is_carried_out
from app.clock import now
from app.documents import runs
from app.documents.composer import TextComposer
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.queries import documents
from billing.queries.documents import DocumentRow
from billing.statements.issued_statements import drafts_after, issue_statement, require_over, statement_drafts, sums_of

TREASURERS = Access(treasurer=ALL)


class IssuedStatementsQuery(RequestModel):
    """A page of numbered statements, of one member or of all. cursor: `next` of the page before."""

    member_id: QueryId | None = None
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class StatementsPreviewQuery(RequestModel):
    """Which statements can be issued. period: "2026", "2026-11" or "2026-11-01/2026-11-15"."""

    period: Period
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class StatementToIssue(RequestModel):
    """The statement of a member for a period, to issue under the next number."""

    member_id: Id
    period: Period


class StatementRun(RequestModel):
    """Issue all that a preview showed. seen: of that preview; where something has changed since, nothing is issued."""

    period: Period
    seen: str = Field(pattern=r"^[0-9a-f]{64}$")


class IssuedStatement(Invoice):
    """A numbered statement, in cents. closing_cents: what is owed at the end; the sums of an invoice are zero."""

    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int


class IssuedStatements(ResponseModel):
    """Numbered statements, the newest first."""

    items: list[IssuedStatement]
    next: str | None


class DraftedStatement(ResponseModel):
    """A statement that can be issued, in cents. turn: above 1 where the period was stated before."""

    member_id: int
    opening_cents: int
    closing_cents: int
    lines: int
    turn: int


class StatementsPreview(ResponseModel):
    """Which statements can be issued, by the id of the member. The first page has their sums; null on the others.

    seen: names this preview in `POST /statements/run`.
    """

    documents: int | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None
    seen: str | None = None
    items: list[DraftedStatement]
    next: str | None


@Endpoint(
    "GET",
    "/statements/issued",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    query=IssuedStatementsQuery,
    response=IssuedStatements,
)
def list_issued_statements(query: IssuedStatementsQuery) -> IssuedStatements:
    """List numbered statements. Members see only their own."""
    of = query.member_id if reaches_all() else current_user.member_id
    session = db.session()
    rows, has_more = documents.documents(
        session, member_id=of, kind=documents.STATEMENT, limit=query.limit, offset=query.cursor
    )
    items = _statements(rows)
    return IssuedStatements(items=items, next=str(query.cursor + len(rows)) if has_more else None)


@Endpoint("GET", "/statements/preview", access=TREASURERS, query=StatementsPreviewQuery, response=StatementsPreview)
def preview_statements(query: StatementsPreviewQuery) -> StatementsPreview:
    """Get which statements can be issued for a period that is over: of who has lines in it, or owes at its end."""
    days = days_of(query.period)
    require_over(days, runs.today())
    session, limit, sums = db.session(), query.limit, dict[str, Any]()
    if query.cursor:
        found = drafts_after(session, days, query.cursor, limit=limit + 1)
    else:  # the sums read the lines of all members
        found = list(statement_drafts(session, days).values())
        of_all = sums_of(found, days)
        sums = {name: getattr(of_all, name) for name in ("documents", "opening_cents", "closing_cents")}
        sums["seen"] = of_all.digest
    shown = [
        DraftedStatement(**{name: getattr(one, name) for name in DraftedStatement.model_fields})
        for one in found[:limit]
    ]
    return StatementsPreview(**sums, items=shown, next=str(shown[-1].member_id) if len(found) > limit else None)


@Endpoint(
    "POST",
    "/statements/issue",
    access=TREASURERS,
    body=StatementToIssue,
    response=IssuedStatement,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def issue_one_statement(body: StatementToIssue) -> Reply:
    """Issue the statement of a member for a period; 409 where the same was issued before, 422 before its last day."""
    session, by, instant = db.session(), current_actor(), now()

    def issue() -> Reply:
        writer, days = TextComposer(session), days_of(body.period)
        document_id = issue_statement(session, body.member_id, days, writer, on=runs.today(), by=by, now=instant)
        (issued,) = _statements([documents.document_row(session, document_id)])
        return reply(issued, 201)

    return run_idempotent(body, issue)


@Endpoint(
    "POST",
    "/statements/run",
    access=TREASURERS,
    body=StatementRun,
    response=InvoiceRunResult,
    status=201,
    errors=(409,),
    idempotent=True,
    accepted=Task,
)
def run_statements(body: StatementRun) -> Reply:
    """Issue all statements that a preview showed, if nothing has changed since.

    For more than ten members the reply is 202 and a background task, which goes on where it was if it is interrupted.
    """
    session, by, days = db.session(), current_actor(), days_of(body.period)
    if is_carried_out():  # the worker goes on with what was confirmed
        result = runs.issue_statements(session, body.seen, days, by)
        return reply(InvoiceRunResult(documents=result.documents, changed=result.changed), 201)

    members = runs.seen_statements(session, body.seen, days)

    def issue_unchanged() -> Reply:
        require_over(days, runs.today())
        runs.confirm(session, body.seen, members, first_day=days[0], last_day=days[1], by=by)
        if len(members) > runs.AT_ONCE:
            return accepted(body)
        result = runs.issue_statements(session, body.seen, days, by, runs.at_once)
        return reply(InvoiceRunResult(documents=result.documents, changed=result.changed), 201)

    return run_idempotent(body, issue_unchanged)


def _statements(rows: Sequence[DocumentRow]) -> list[IssuedStatement]:
    stated = documents.statements_of(db.session(), [row.id for row in rows])
    names = ("first_day", "last_day", "opening_cents", "closing_cents")
    return [
        IssuedStatement(**invoice_of(row).model_dump(), **{name: getattr(stated[row.id], name) for name in names})
        for row in rows
    ]
