"""Statements as numbered documents: what a member owed before some days, what was posted in them, what is owed then.

A statement claims nothing and posts nothing: it says what the ledger has, and the database compares it. The same days
are stated again only where something was posted since, or where the file could not be made. Call what issues inside
write_transaction().
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from billing.allocations.periods import Period
from billing.documents.drafts import issuer
from billing.documents.issuing import sides
from billing.documents.storing import Parts, store
from billing.documents.terms import lock_documents
from billing.documents.texts import TextWriter
from billing.errors.document_errors import StatementIssued, StatementRefused
from billing.ledger.posting import lock_ledger
from billing.limits import require_period
from billing.models import Balance, Document, FailedFile, IssuedStatement
from billing.parties.party import party
from billing.queries.balances import BalanceLine
from billing.queries.months import sums_by_day
from billing.queries.statements import statement, statement_lines
from booking.errors.schedule_errors import MemberNotFound, Violation
from booking.kernel.events import Actor
from booking.queries.addressees import addressees

STATEMENT = "statement"
LINES_MAX = 2_000  # printed; more are a file
MEMBERS_AT_ONCE = 1_000  # whose lines are read, once the first few had nothing to state
Values = tuple[int, int, int]  # cents before, cents at the end, lines


class StatementWriter(TextWriter, Protocol):
    """Writes the texts of statements in the language of the ring."""

    def entry(self, line: BalanceLine) -> str:
        """Return what a line is for."""

    def topic(self, topic: str) -> str:
        """Return what the lines of a topic are."""


@dataclass(frozen=True, slots=True)
class StatementDraft:
    """A statement that could be issued, in cents. turn: above 1 where the days were stated before."""

    member_id: int
    opening_cents: int
    closing_cents: int
    lines: int
    turn: int

    def digest(self, days: Period) -> str:
        """Return the name of what would be stated."""
        values = (*days, self.member_id, self.opening_cents, self.closing_cents, self.lines, self.turn)
        return hashlib.sha256(" ".join(map(str, values)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StatementSums:
    """The sums of statements. digest: over each of them."""

    documents: int
    opening_cents: int
    closing_cents: int
    digest: str


def statement_drafts(
    session: Session, days: Period, member_ids: Collection[int] | None = None
) -> dict[int, StatementDraft]:
    """Return member id -> what could be stated: of who has lines in these days, or owes at their end.

    Left out: who was stated the same before. member_ids: None for all. Raises WrongPeriod.
    """
    require_period(*days)
    posting = sums_by_day(*days)
    posted = posting.c
    is_later = posted.day > days[1]
    later = func.coalesce(func.sum(case((is_later, posted.cents), else_=0)), 0)
    since = func.coalesce(func.sum(posted.cents), 0)
    within = func.coalesce(func.sum(case((is_later, 0), else_=posted.lines)), 0)
    # From what is owed now back to the days: the last ones are asked for most, whatever lies before them.
    closing = Balance.cents - later
    rows = (
        select(Balance.member_id, Balance.cents - since, closing, within)
        .outerjoin(posting, (posted.member_id == Balance.member_id) & (posted.day >= days[0]))
        .group_by(Balance.member_id, Balance.cents)
        .having(or_(closing != 0, within > 0))
        .order_by(Balance.member_id)
    )
    if member_ids is not None:
        rows = rows.where(Balance.member_id.in_(member_ids))
    last = _last(session, days, member_ids)
    found = {}
    for member_id, opening, closing, lines in session.execute(rows):
        values = int(opening), int(closing), int(lines)
        earlier = last.get(member_id)
        if earlier is None or not earlier.says(values):
            found[member_id] = StatementDraft(member_id, *values, turn=1 if earlier is None else earlier.turn + 1)
    return found


def are_many(session: Session, most: int) -> bool:
    """Return whether more members than this have a balance, so that adding up all their statements takes a while."""
    return session.scalar(select(Balance.member_id).order_by(Balance.member_id).limit(1).offset(most)) is not None


def drafts_after(session: Session, days: Period, member_id: int, *, limit: int) -> list[StatementDraft]:
    """Return the next statements that could be issued, in the order of their members; reads no other members' lines."""
    found: list[StatementDraft] = []
    at_once = limit
    while len(found) < limit:
        following = select(Balance.member_id).where(Balance.member_id > member_id).order_by(Balance.member_id)
        member_ids = session.scalars(following.limit(at_once)).all()
        if not member_ids:
            break
        found += statement_drafts(session, days, member_ids).values()
        member_id, at_once = member_ids[-1], MEMBERS_AT_ONCE
    return found[:limit]


def sums_of(drafts: Iterable[StatementDraft], days: Period) -> StatementSums:
    """Return the sums of drafts, whatever their order."""
    found = sorted(drafts, key=lambda one: one.member_id)
    return StatementSums(
        documents=len(found),
        opening_cents=sum(one.opening_cents for one in found),
        closing_cents=sum(one.closing_cents for one in found),
        digest=hashlib.sha256("\n".join(one.digest(days) for one in found).encode()).hexdigest(),
    )


def require_over(days: Period, on: date) -> None:
    """Raise StatementRefused unless the last day has come: what is owed at the end of days to come is not known."""
    if days[1] > on:
        raise StatementRefused([Violation("days_to_come", "period", limit=on, actual=days[1])])


def lock_statements(session: Session) -> None:
    """Lock what statements say until the transaction ends: the documents, then the ledger."""
    lock_documents(session)
    lock_ledger(session)


def issue_statement(
    session: Session, member_id: int, days: Period, writer: StatementWriter, *, on: date, by: Actor, now: datetime
) -> int:
    """Issue the statement of a member for some days under the next number; return the id of the document.

    on: the day of issue. Raises StatementRefused (it is before the last day), MemberNotFound, WrongPeriod,
    StatementIssued (the same was stated before).
    """
    require_over(days, on)
    lock_statements(session)
    of = statement(session, member_id, *days)
    member = addressees(session, [member_id]).get(member_id)
    if member is None:
        raise MemberNotFound(id=member_id)
    earlier = _last(session, days, [member_id]).get(member_id)
    if earlier is not None and earlier.says((of.opening_cents, of.closing_cents, of.lines)):
        number = session.scalar(select(Document.number).where(Document.id == earlier.document_id))
        raise StatementIssued(number=number)
    lines, _more = statement_lines(session, of, limit=LINES_MAX)
    row = _document_row(member_id, days, on)
    row["seller"], row["buyer"] = sides(issuer(session), member, party(session, member_id))
    stated = {
        "member_id": member_id,
        "first_day": days[0],
        "last_day": days[1],
        "turn": 1 if earlier is None else earlier.turn + 1,
        "opening_cents": of.opening_cents,
        "closing_cents": of.closing_cents,
        "lines": of.lines,
        "made_of": [[writer.topic(topic), cents] for topic, cents in sorted(of.made_of.items())],
        "rows": [stated_row(line, writer.entry(line)) for line in lines],
    }
    return store(session, row, Parts(statement=stated), writer, by=by, now=now)


def _document_row(member_id: int, days: Period, on: date) -> dict[str, Any]:
    return {
        "kind": STATEMENT,
        "member_id": member_id,
        "issued_on": on,
        "due_on": on,
        "service_from": days[0],
        "service_until": days[1],
        "cancels_id": None,
    }


def stated_row(line: BalanceLine, text: str) -> dict[str, Any]:
    """Return a line as a statement states it. text: what it is for."""
    days = {name: getattr(line, name).isoformat() for name in ("posting_date", "service_from", "service_until")}
    named = {name: getattr(line, name) for name in ("entry_id", "number", "cents", "balance", "is_reversal")}
    return days | named | {"text": text}


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The last statement of some days. has_failed: its file could not be made, so that nobody gets it."""

    document_id: int
    turn: int
    values: Values
    has_failed: bool

    def says(self, values: Values) -> bool:
        """Return whether it tells its member these values."""
        return self.values == values and not self.has_failed


def _last(session: Session, days: Period, member_ids: Collection[int] | None) -> dict[int, _Earlier]:
    """Return member id -> the last statement of some days."""
    stated, later = IssuedStatement, aliased(IssuedStatement)
    is_last = ~exists().where(
        later.member_id == stated.member_id,
        later.first_day == stated.first_day,
        later.last_day == stated.last_day,
        later.turn > stated.turn,
    )
    has_failed = exists().where(FailedFile.document_id == stated.document_id)
    columns = (stated.member_id, stated.document_id, stated.turn, stated.opening_cents, stated.closing_cents)
    wanted = select(*columns, stated.lines, has_failed).where(
        stated.first_day == days[0], stated.last_day == days[1], is_last
    )
    if member_ids is not None:
        wanted = wanted.where(stated.member_id.in_(member_ids))
    return {
        member_id: _Earlier(document_id, turn, (opening, closing, lines), failed)
        for member_id, document_id, turn, opening, closing, lines, failed in session.execute(wanted)
    }
