"""What the treasurer has to look at next: pools without a bill, what is not invoiced, who left, the period to close."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session, aliased

from billing.ledger.posting import SET_OFF
from billing.ledger.posting_days import CLOSED
from billing.models import AccountingPeriod, Balance, DocumentTerms, Entry, EquityMove, Posting
from billing.period_names import PeriodSpan, named_period, periods_of_year
from billing.queries.equity import equity_by_member, who_has_equity
from billing.queries.owed_sums import owed_sums
from billing.queries.periods import period_settings
from booking.kernel.views import without_index
from booking.queries import MemberName, members_leaving


@dataclass(frozen=True, slots=True)
class NotInvoiced:
    """What members owe beyond what stands in invoices. is_asked: the ring has said how it invoices (its terms)."""

    is_asked: bool
    members: int
    cents: int


@dataclass(frozen=True, slots=True)
class GoneMembers:
    """Members whose membership is over. to_settle: with equity to move or to set off; the others of them owe something.

    owing: how many of those others, and owing_cents what.
    """

    to_settle: tuple[MemberName, ...] = ()
    owing: int = 0
    owing_cents: int = 0


def gone_members(session: Session, today: date) -> GoneMembers:
    """Return who has left with equity or open sums, in one statement, or three where there are some.

    Payments are not entered in this ledger: who was settled with is settled with again only once there is a later line,
    and what is owed without equity is told, as nothing here ends it.
    """
    is_open = union(who_has_equity(), select(Balance.member_id).where(Balance.cents > 0)).subquery()
    found = members_leaving(session, today, select(is_open.c[0]))
    gone = [one for one in found if one.left_on is not None and one.left_on < today]
    if not gone:
        return GoneMembers()
    ids, owed = [one.id for one in gone], owed_sums(session).owed
    equity, later = equity_by_member(session, ids), _with_later_lines(session, ids)
    cents = {one.id: owed[one.id].cents if one.id in owed else 0 for one in gone}

    def is_to_settle(member_id: int) -> bool:
        held_cents, left_cents = equity.get(member_id, (0, 0))
        return held_cents > 0 or (left_cents > 0 and cents[member_id] > 0 and member_id in later)

    to_settle = tuple(one for one in gone if is_to_settle(one.id))
    rest = [cents[one.id] for one in gone if one not in to_settle and cents[one.id] > 0]
    return GoneMembers(to_settle, len(rest), sum(rest))


def _with_later_lines(session: Session, member_ids: Collection[int]) -> set[int]:
    """Return the members with a line that was posted after the last settlement in force."""
    reversal = aliased(EquityMove)
    is_reversed = select(reversal.id).where(reversal.reverses_id == EquityMove.id).exists()
    settled = (
        select(EquityMove.member_id, func.max(Entry.id).label("entry_id"))
        .join(Entry, Entry.equity_id == EquityMove.id)
        .where(EquityMove.kind == SET_OFF, EquityMove.reverses_id.is_(None), ~is_reversed)
        .group_by(EquityMove.member_id)
        .subquery()
    )
    statement = select(Posting.member_id).outerjoin(settled, settled.c.member_id == Posting.member_id)
    is_later = Posting.entry_id > func.coalesce(settled.c.entry_id, 0)
    return set(session.scalars(statement.where(Posting.member_id.in_(member_ids), is_later).distinct()))


def not_invoiced(session: Session) -> NotInvoiced:
    """Return what stands in no invoice, of how many members."""
    missing = [owed.cents - owed.invoiced_cents for owed in owed_sums(session).owed.values()]
    codes = (DocumentTerms.use_code, DocumentTerms.share_code, DocumentTerms.advance_code, DocumentTerms.other_code)
    has_terms = select(DocumentTerms.id).where(func.coalesce(*codes).is_not(None))
    is_asked = session.scalar(select(has_terms.exists()))
    return NotInvoiced(bool(is_asked), sum(1 for cents in missing if cents), sum(missing))


def period_to_close(session: Session, today: date) -> PeriodSpan | None:
    """Return the oldest period that is over and not closed for good; None where there is none, or nothing is posted."""
    last_closed = session.execute(
        select(AccountingPeriod.name, AccountingPeriod.last_day)
        .where(without_index(AccountingPeriod.state == CLOSED))
        .order_by(AccountingPeriod.name.desc())  # in the order of time, too: a year has periods of one length
        .limit(1)
    ).one_or_none()
    first = session.scalar(select(func.min(Entry.posting_date)))
    if first is None:
        return None
    day, length = first, period_settings(session).length
    if last_closed is not None:
        day = max(first, last_closed.last_day + timedelta(days=1))
        if day.year == last_closed.last_day.year:
            length = named_period(last_closed.name).length
    oldest = next(span for span in periods_of_year(day.year, length) if span.first_day <= day <= span.last_day)
    return oldest if oldest.last_day < today else None
