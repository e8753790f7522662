"""Views of the advances of a pool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from billing.errors.money_errors import AdvanceNotFound
from billing.models import Advance, AdvanceLine
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class AdvanceView:
    """An advance per share. reverses_id: it is a reversal; reversed_by_id: it was reversed. members: who owes it."""

    id: int
    pool_id: int
    period_from: date
    period_until: date
    shares_on: date
    unit_cents: int
    total_cents: int
    posted_at: datetime
    note: str
    reverses_id: int | None
    reversed_by_id: int | None
    members: int


_reversal = aliased(Advance)
_COLUMNS = columns_of(
    AdvanceView,
    Advance,
    reversed_by_id=select(_reversal.id).where(_reversal.reverses_id == Advance.id).scalar_subquery(),
    members=select(func.count()).where(AdvanceLine.advance_id == Advance.id).scalar_subquery(),
)


def advance(session: Session, advance_id: int) -> AdvanceView:
    """Return an advance. Raises AdvanceNotFound."""
    row = session.execute(select(*_COLUMNS).where(Advance.id == advance_id)).one_or_none()
    if row is None:
        raise AdvanceNotFound(id=advance_id)
    return AdvanceView(*row)


def owed_by_member(session: Session, advance_id: int) -> tuple[tuple[int, int, int], ...]:
    """Return (member id, shares, cents) of everybody who owes an advance, by member id."""
    rows = session.execute(
        select(AdvanceLine.member_id, AdvanceLine.shares, AdvanceLine.cents)
        .where(AdvanceLine.advance_id == advance_id)
        .order_by(AdvanceLine.member_id)
    )
    return tuple((member_id, shares, cents) for member_id, shares, cents in rows)


def advances(
    session: Session, pool_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[AdvanceView, ...], bool]:
    """Return a page of the advances and reversals of a pool, the newest first, and whether there are more."""
    rows = session.execute(
        select(*_COLUMNS).where(Advance.pool_id == pool_id).order_by(Advance.id.desc()).limit(limit + 1).offset(offset)
    ).all()
    return tuple(AdvanceView(*row) for row in rows[:limit]), len(rows) > limit
