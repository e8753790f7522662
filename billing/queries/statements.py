"""The statement of a member for a period: what was owed before it, its lines by posting date, what is owed after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from billing.limits import require_period
from billing.models import Document, Entry, IssuedStatement, Posting
from billing.queries.balances import BALANCE_LINE, BalanceLine
from billing.queries.months import sums_by_day


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, in cents. made_of: topic -> cents of the lines of the period; lines: how many there are."""

    member_id: int
    first_day: date
    last_day: date
    opening_cents: int
    made_of: Mapping[str, int]
    lines: int

    @property
    def closing_cents(self) -> int:
        """Return what is owed after the period."""
        return self.opening_cents + sum(self.made_of.values())


@dataclass(frozen=True, slots=True)
class IssuedFor:
    """A numbered statement of some days."""

    document_id: int
    number: str
    issued_on: date


def statement(session: Session, member_id: int, first_day: date, last_day: date) -> Statement:
    """Return the sums of a member's statement. Raises WrongPeriod."""
    require_period(first_day, last_day)
    posted = sums_by_day(first_day, last_day).c
    is_before = posted.day < first_day
    rows = session.execute(
        select(
            posted.topic,
            func.sum(case((is_before, posted.cents), else_=0)),
            func.sum(case((is_before, 0), else_=posted.cents)),
            func.sum(case((is_before, 0), else_=posted.lines)),
        )
        .where(posted.member_id == member_id, posted.day <= last_day)
        .group_by(posted.topic)
    ).all()
    made_of = {topic: int(cents) for topic, _before, cents, lines in rows if lines}
    opening, lines = sum(int(row[1]) for row in rows), sum(int(row[3]) for row in rows)
    return Statement(member_id, first_day, last_day, opening, made_of, lines)


def issued_for(session: Session, member_id: int, first_day: date, last_day: date) -> tuple[IssuedFor, ...]:
    """Return the numbered statements of a member for some days, the latest first."""
    stated = IssuedStatement
    rows = session.execute(
        select(Document.id, Document.number, Document.issued_on)
        .join(stated, stated.document_id == Document.id)
        .where(stated.member_id == member_id, stated.first_day == first_day, stated.last_day == last_day)
        .order_by(stated.turn.desc())
    )
    return tuple(IssuedFor(*row) for row in rows)


def statement_lines(
    session: Session, of: Statement, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[BalanceLine, ...], bool]:
    """Return a page of the lines of a statement, the oldest first, and whether there are more."""
    within = and_(Posting.member_id == of.member_id, Entry.posting_date.between(of.first_day, of.last_day))
    order = (Entry.posting_date, Posting.entry_id, Posting.number)
    listed = select(*BALANCE_LINE).join(Entry, Entry.id == Posting.entry_id).where(within).order_by(*order)
    owed = of.opening_cents
    if offset:
        before = select(Posting.cents).join(Entry, Entry.id == Posting.entry_id).where(within)
        earlier = before.order_by(*order).limit(offset).subquery()
        owed += int(session.scalar(select(func.coalesce(func.sum(earlier.c.cents), 0))) or 0)
    rows = session.execute(listed.limit(limit + 1).offset(offset)).all()
    lines = []
    for row in rows[:limit]:
        owed += row.cents
        lines.append(BalanceLine(*(*row, owed)))
    return tuple(lines), len(rows) > limit
