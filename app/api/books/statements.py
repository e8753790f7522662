"""Endpoints of statements: what a member owed before a period, its lines, and what is owed after it; mailed at once.

Statements as numbered documents: app/api/books/issued_statements.py.
"""

from __future__ import annotations

from datetime import date

from flask_login import current_user
from pydantic import Field

from app.api.books.ledger import BalanceLine, balance_line
from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Id, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access, reaches_all
from app.clock import now
from app.extensions import db
from app.notifications.statements import send_to_reachable
from app.web.url_converters import ID_MAX
from billing.queries import statements
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import member_names


class StatementQuery(RequestModel):
    """A page of a statement. period: "2026", "2026-11" or "2026-11-01/2026-11-15". cursor: `next` of the one before."""

    member_id: QueryId
    period: Period
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class NewStatement(RequestModel):
    """A statement to send to its member by mail."""

    member_id: Id
    period: Period


class Statement(ResponseModel):
    """A statement, in cents: what was owed before, its lines by posting date, what is owed after it.

    made_of: topic -> cents of the lines of the period.
    """

    member_id: int
    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int
    made_of: dict[str, int]
    items: list[BalanceLine]
    next: str | None


class SentStatement(ResponseModel):
    """The statement that was sent, by its sums."""

    member_id: int
    opening_cents: int
    closing_cents: int


@Endpoint(
    "GET",
    "/statements",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    query=StatementQuery,
    response=Statement,
    errors=(404,),
)
def get_statement(query: StatementQuery) -> Statement:
    """Get the statement of a member. Members see only their own."""
    session = db.session()
    if not reaches_all() and query.member_id != current_user.member_id:
        raise MemberNotFound(id=query.member_id)
    if not member_names(session, [query.member_id]):
        raise MemberNotFound(id=query.member_id)
    of = statements.statement(session, query.member_id, *days_of(query.period))
    lines, has_more = statements.statement_lines(session, of, limit=query.limit, offset=query.cursor)
    return Statement(
        member_id=of.member_id,
        first_day=of.first_day,
        last_day=of.last_day,
        opening_cents=of.opening_cents,
        closing_cents=of.closing_cents,
        made_of=dict(of.made_of),
        items=[balance_line(line) for line in lines],
        next=str(query.cursor + len(lines)) if has_more else None,
    )


@Endpoint(
    "POST",
    "/statements",
    access=Access(treasurer=ALL),
    body=NewStatement,
    response=SentStatement,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def mail_statement(body: NewStatement) -> Reply:
    """Send a member the statement of a period by mail."""
    by, instant, days = current_actor(), now(), days_of(body.period)

    def send() -> Reply:
        session = db.session()
        send_to_reachable(session, body.member_id, days, by=by, now=instant)
        of = statements.statement(session, body.member_id, *days)
        sums = SentStatement(member_id=of.member_id, opening_cents=of.opening_cents, closing_cents=of.closing_cents)
        return reply(sums, 201)

    return run_idempotent(body, send)
