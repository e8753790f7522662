"""Closing accounting periods: soft-closed first if the treasurer likes, then for good. There is no way back from that.

The functions that write flush and never commit: call them inside write_transaction(). They lock the ledger, as whoever
posts does, so that an entry is either in the hash of a closed period or gets a later posting date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from billing.closing.checklist import OpenPoint, open_points
from billing.closing.content import PeriodContent, content_of
from billing.errors.money_errors import (
    EarlierPeriodOpen,
    EventsUndelivered,
    LedgerClosed,
    OpenPoints,
    PeriodDivided,
    PeriodNotOver,
    StaleClosing,
    WrongPeriodState,
)
from billing.events import PeriodChanged, PeriodClosed, PeriodLengthChanged
from billing.ledger.posting import lock_ledger
from billing.ledger.posting_days import CLOSED, OPEN, SOFT_CLOSED, state_of_day, today_of_ring
from billing.models import AccountingPeriod, Entry, Ledger
from billing.period_names import LENGTHS, PeriodSpan, named_period, periods_of_year
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.revisions import require_revision


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a period would seal, and what is missing in it. digest: over both; closing names it."""

    period: PeriodSpan
    content: PeriodContent
    points: tuple[OpenPoint, ...]
    digest: str

    @property
    def is_blocked(self) -> bool:
        """Return whether a point is open that nobody can accept."""
        return any(point.blocks for point in self.points)


def preview_closing(session: Session, name: str, *, now: datetime) -> Closing:
    """Return what closing a period would seal. Reads only.

    Raises PeriodNotFound, LedgerClosed, PeriodNotOver, EarlierPeriodOpen, WrongPeriodState (it is closed),
    PeriodDivided (it overlaps periods of the other length).
    """
    period = named_period(name)
    _require_closable(session, period, session.get_one(Ledger, 1), now)
    return _closing(session, period)


def close_period(
    session: Session, name: str, *, digest: str, accepts_open: bool = False, by: Actor, now: datetime
) -> AccountingPeriod:
    """Close a period for good, provided that it still equals the preview with this digest.

    accepts_open: the treasurer has seen the open points of the checklist and closes in spite of them.

    Raises StaleClosing, EventsUndelivered, OpenPoints, and what preview_closing raises.
    """
    period = named_period(name)
    _require_closable(session, period, lock_ledger(session), now)
    closing = _closing(session, period)
    if blocking := [point for point in closing.points if point.blocks]:
        raise EventsUndelivered(count=blocking[0].count)
    if closing.digest != digest:
        raise StaleClosing
    if closing.points and not accepts_open:
        raise OpenPoints(codes=[point.code for point in closing.points])
    row, content = _row(session, period), closing.content
    row.state, row.closed_at, row.closed_by = CLOSED, now, by.user_id
    row.entries, row.lines, row.debit_cents = content.entries, content.lines, content.debit_cents
    row.sha256 = content.sha256
    row.revision += 1
    session.flush()
    sealed = PeriodClosed(period=name, entries=content.entries, lines=content.lines, sha256=content.sha256)
    events.record(session, sealed, by=by, at=now)
    return row


def soft_close(session: Session, name: str, *, by: Actor, now: datetime) -> AccountingPeriod:
    """Keep everybody but treasurers from posting in a period.

    Raises PeriodNotFound, LedgerClosed, PeriodNotOver, WrongPeriodState, PeriodDivided.
    """
    return _change(session, name, OPEN, SOFT_CLOSED, by=by, now=now)


def reopen(session: Session, name: str, *, by: Actor, now: datetime) -> AccountingPeriod:
    """Open a soft-closed period again. A closed one is never opened.

    Raises PeriodNotFound, LedgerClosed, PeriodNotOver, WrongPeriodState, PeriodDivided.
    """
    return _change(session, name, SOFT_CLOSED, OPEN, by=by, now=now)


def set_period_length(session: Session, length: str, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Change how long periods are, for the years in which none was soft-closed or closed.

    length: year or month. Raises StaleRevision.
    """
    if length not in LENGTHS:
        raise ValueError(f"no length {length!r}")
    ledger = lock_ledger(session)
    require_revision(revision, ledger.revision)
    if ledger.period_length == length:
        return
    ledger.period_length = length
    ledger.revision += 1
    session.flush()
    events.record(session, PeriodLengthChanged(length=length), by=by, at=now)


def length_of_year(session: Session, year: int) -> str:
    """Return how long the periods of a year are: as long as those that were closed in it, else as the ring's are."""
    within = AccountingPeriod.first_day.between(date(year, 1, 1), date(year, 12, 31))
    name = session.scalar(select(AccountingPeriod.name).where(within).limit(1))
    if name is not None:
        return named_period(name).length
    return session.get_one(Ledger, 1).period_length


def _change(session: Session, name: str, old: str, new: str, *, by: Actor, now: datetime) -> AccountingPeriod:
    period, ledger = named_period(name), lock_ledger(session)
    _require(session, period, (old,), ledger, now)
    row = _row(session, period)
    row.state = new
    row.revision += 1
    session.flush()
    events.record(session, PeriodChanged(period=name, state=new), by=by, at=now)
    return row


def _row(session: Session, period: PeriodSpan) -> AccountingPeriod:
    found = _stored(session, period.name)
    if found is None:
        found = AccountingPeriod(**period._asdict(), state=OPEN, revision=0)
        session.add(found)
    return found


def _stored(session: Session, name: str) -> AccountingPeriod | None:
    statement = select(AccountingPeriod).where(AccountingPeriod.name == name)
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def _closing(session: Session, period: PeriodSpan) -> Closing:
    content, points = content_of(session, period), open_points(session, period)
    shown = (content.sha256, *(astuple(point) for point in points))
    return Closing(period, content, points, hashlib.sha256(repr(shown).encode()).hexdigest())


def _require_closable(session: Session, period: PeriodSpan, ledger: Ledger, now: datetime) -> None:
    _require(session, period, (OPEN, SOFT_CLOSED), ledger, now)
    if (earlier := next(_open_before(session, period), None)) is not None:
        raise EarlierPeriodOpen(name=earlier.name)


def _require(session: Session, period: PeriodSpan, states: Collection[str], ledger: Ledger, now: datetime) -> None:
    """Refuse a period that is not in one of some states, or not over. One before a closed one is closed, too."""
    if ledger.state != "open":
        raise LedgerClosed
    if length_of_year(session, period.first_day.year) != period.length:
        raise PeriodDivided(name=period.name)
    if (state := state_of_day(session, period.last_day)) not in states:
        raise WrongPeriodState(name=period.name, state=state)
    if period.last_day >= today_of_ring(session, now):
        raise PeriodNotOver(name=period.name, last_day=period.last_day)


def _open_before(session: Session, period: PeriodSpan) -> Iterator[PeriodSpan]:
    """Yield the periods before one that have entries and are not closed."""
    closed_until = session.scalar(
        select(func.max(AccountingPeriod.last_day)).where(AccountingPeriod.state == CLOSED)
    ) or date(1, 1, 1)
    is_between = (Entry.posting_date > closed_until, Entry.posting_date < period.first_day)
    first = session.scalar(select(func.min(Entry.posting_date)).where(*is_between))
    if first is None:
        return
    for year in range(first.year, period.first_day.year + 1):
        for each in periods_of_year(year, length_of_year(session, year)):
            within = Entry.posting_date.between(each.first_day, each.last_day)
            if closed_until < each.last_day < period.first_day and session.scalar(select(exists().where(within))):
                yield each
