"""Advances per share: what the holders of a pool owe before its true-up. A mistake is corrected by a reversal.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from billing.errors.money_errors import (
    AdvanceCounted,
    AdvanceNotFound,
    AlreadyReversed,
    ChargesAreIncome,
    LedgerClosed,
    NoShares,
)
from billing.events import AdvancePosted
from billing.ledger.entries import post_advance_entry
from billing.ledger.posting import lock_ledger
from billing.limits import (
    CENTS_MAX,
    NOTE_LENGTH_MAX,
    require_between,
    require_day,
    require_period,
    require_text,
)
from billing.models import Advance, AdvanceLine, Allocation, AllocationAdvance
from billing.pools.pools import ADVANCE, locked_pool
from billing.pools.shares import holdings_on
from billing.pools.unallocated import is_effective
from booking.kernel import events
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class AdvanceInput:
    """An advance to be posted. unit_cents: per share, above zero; shares_on: the day whose shares count."""

    period_from: date
    period_until: date
    shares_on: date
    unit_cents: int
    note: str = ""


def advance_lines(session: Session, pool_id: int, wanted: AdvanceInput) -> list[tuple[int, int, int]]:
    """Return (member id, shares, cents) of everybody who would owe an advance, by member id.

    Raises WrongPeriod, WrongAmount, WrongText, NoShares.
    """
    require_period(wanted.period_from, wanted.period_until)
    require_day("shares_on", wanted.shares_on)
    require_between("unit_cents", wanted.unit_cents, 1, CENTS_MAX)
    require_text("note", wanted.note, NOTE_LENGTH_MAX)
    held = [one for one in holdings_on(session, pool_id, wanted.shares_on) if one.counts_on(wanted.shares_on)]
    lines = sorted((one.member_id, one.shares, one.shares * wanted.unit_cents) for one in held if one.shares)
    if not lines:
        raise NoShares(shares_on=wanted.shares_on)
    require_between("advance_cents", sum(cents for *_rest, cents in lines), 1, CENTS_MAX)
    return lines


def post_advance(
    session: Session, pool_id: int, wanted: AdvanceInput, *, by: Actor, now: datetime, form_key: str | None = None
) -> Advance:
    """Post an advance per share: its holders owe it at once, and the true-up of the period counts it.

    form_key: idempotency key of the caller; a second call with the same key returns the advance of the first.

    Raises PoolNotFound, ChargesAreIncome (the pool counts no advances), LedgerClosed, and what advance_lines raises.
    """
    pool = locked_pool(session, pool_id)
    if form_key is not None and (posted := session.scalar(select(Advance).where(Advance.form_key == form_key))):
        return posted
    if pool.charges_are != ADVANCE:
        raise ChargesAreIncome(pool_id=pool_id)
    _require_open(session)
    lines = advance_lines(session, pool_id, wanted)
    advance = Advance(
        pool_id=pool_id,
        period_from=wanted.period_from,
        period_until=wanted.period_until,
        shares_on=wanted.shares_on,
        unit_cents=wanted.unit_cents,
        total_cents=sum(cents for *_rest, cents in lines),
        posted_at=now,
        posted_by=by.user_id,
        note=wanted.note.strip(),
        form_key=form_key,
    )
    return _append(session, advance, lines, by=by, now=now)


def reverse_advance(session: Session, advance_id: int, reason: str, *, by: Actor, now: datetime) -> Advance:
    """Post the exact mirror of an advance, linked to it.

    Raises AdvanceNotFound, AlreadyReversed, AdvanceCounted (an allocation counts it: reverse that first), WrongText.
    """
    pool_id = session.scalar(select(Advance.pool_id).where(Advance.id == advance_id))
    if pool_id is None:
        raise AdvanceNotFound(id=advance_id)
    locked_pool(session, pool_id)
    require_text("reason", reason, NOTE_LENGTH_MAX, shortest=1)
    original = session.get_one(Advance, advance_id, populate_existing=True)
    if original.reverses_id is not None or session.scalar(select(exists().where(Advance.reverses_id == advance_id))):
        raise AlreadyReversed(id=advance_id)
    counting = select(AllocationAdvance.allocation_id).where(
        AllocationAdvance.advance_id == advance_id, Allocation.id == AllocationAdvance.allocation_id, is_effective()
    )
    if (allocation_id := session.scalar(counting.limit(1))) is not None:
        raise AdvanceCounted(id=advance_id, allocation_id=allocation_id)
    _require_open(session)
    owed = select(AdvanceLine.member_id, AdvanceLine.shares, -AdvanceLine.cents)
    lines = list(session.execute(owed.where(AdvanceLine.advance_id == advance_id)))
    reversal = Advance(
        pool_id=pool_id,
        period_from=original.period_from,
        period_until=original.period_until,
        shares_on=original.shares_on,
        unit_cents=-original.unit_cents,
        total_cents=-original.total_cents,
        posted_at=now,
        posted_by=by.user_id,
        reverses_id=advance_id,
        note=reason.strip(),
    )
    return _append(session, reversal, lines, by=by, now=now)


def _append(
    session: Session, advance: Advance, lines: Sequence[tuple[int, int, int]], *, by: Actor, now: datetime
) -> Advance:
    session.add(advance)
    session.flush()
    rows = [
        {"advance_id": advance.id, "member_id": member_id, "shares": shares, "cents": cents}
        for member_id, shares, cents in lines
    ]
    session.execute(insert(AdvanceLine), rows)
    events.record(session, AdvancePosted.of(advance), by=by, at=now)
    post_advance_entry(session, advance, by=by, now=now)
    return advance


def _require_open(session: Session) -> None:
    if lock_ledger(session).state != "open":
        raise LedgerClosed
