"""The end of an exchange that was not accepted: answered, withdrawn, lapsed, or overtaken by a change.

The row of the exchange is locked last, after reservations and machines where those are locked too (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from booking.exchange_errors import ExchangeClosed, ExchangeNotFound
from booking.exchange_events import (
    ExchangeDeclined,
    ExchangeEvent,
    ExchangeLapsed,
    ExchangeOutdated,
    ExchangeWithdrawn,
)
from booking.kernel import revisions
from booking.kernel.events import Actor, record
from booking.models import Exchange, ExchangeState, Member, Reservation, Status

_EVENTS: Mapping[ExchangeState, type[ExchangeEvent]] = {
    ExchangeState.DECLINED: ExchangeDeclined,
    ExchangeState.WITHDRAWN: ExchangeWithdrawn,
    ExchangeState.LAPSED: ExchangeLapsed,
    ExchangeState.OUTDATED: ExchangeOutdated,
}
_given, _wanted = aliased(Reservation), aliased(Reservation)


def decline(session: Session, exchange_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Decline an exchange: everything stays as it was. Who declined already has: nothing happens.

    Raises ExchangeNotFound, ExchangeClosed, StaleRevision.
    """
    _answer(session, exchange_id, ExchangeState.DECLINED, by=by, now=now, revision=revision)


def withdraw(session: Session, exchange_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Take a proposal back. Who took it back already has: nothing happens.

    Raises ExchangeNotFound, ExchangeClosed, StaleRevision.
    """
    _answer(session, exchange_id, ExchangeState.WITHDRAWN, by=by, now=now, revision=revision)


def end_overdue(session: Session, exchange_id: int, *, by: Actor, now: datetime, day: date | None = None) -> bool:
    """End an open exchange that cannot be accepted any more; return whether it ended.

    day: who left before it neither offers nor answers.
    """
    exchange = lock(session, exchange_id)
    if exchange.state != ExchangeState.OPEN:
        return False
    if is_outdated(session, exchange):
        close(session, exchange, ExchangeState.OUTDATED, by=by, now=now)
    elif exchange.lapses_at <= now or (day is not None and session.scalar(_leavers_of(exchange, day)) is not None):
        close(session, exchange, ExchangeState.LAPSED, by=by, now=now)
    return exchange.state != ExchangeState.OPEN


def overdue(session: Session, *, now: datetime, day: date | None = None, limit: int = 100) -> Sequence[int]:
    """Return the ids of open exchanges that cannot be accepted any more, those that were to be answered first first.

    day: also those of members who left before it.
    """
    leavers = select(Member.id).where(Member.left_on < (day or date.min))
    is_left = or_(Exchange.proposer_id.in_(leavers), Exchange.receiver_id.in_(leavers))
    is_as_offered = and_(_given.revision == Exchange.given_revision, _given.status == Status.CONFIRMED.value)
    is_as_wanted = and_(_wanted.revision == Exchange.wanted_revision, _wanted.status == Status.CONFIRMED.value)
    return session.scalars(
        select(Exchange.id)
        .join(_given, _given.id == Exchange.given_id)
        .outerjoin(_wanted, _wanted.id == Exchange.wanted_id)
        .where(
            Exchange.state == ExchangeState.OPEN.value,
            or_(
                Exchange.lapses_at <= now,
                ~is_as_offered,
                and_(Exchange.wanted_id.is_not(None), ~is_as_wanted),
                is_left,
            ),
        )
        .order_by(Exchange.lapses_at, Exchange.id)
        .limit(limit)
    ).all()


def lock(session: Session, exchange_id: int, revision: int | None = None) -> Exchange:
    """Lock an exchange and return it. Raises ExchangeNotFound, StaleRevision."""
    return revisions.locked(session, Exchange, exchange_id, missing=ExchangeNotFound, revision=revision)


def require_open(exchange: Exchange, now: datetime) -> None:
    """Raise ExchangeClosed for an exchange that has ended, or whose time to answer is over."""
    if exchange.state != ExchangeState.OPEN:
        raise ExchangeClosed(status=exchange.state)
    if exchange.lapses_at <= now:
        raise ExchangeClosed(status=ExchangeState.LAPSED.value)


def is_outdated(session: Session, exchange: Exchange) -> bool:
    """Return whether one of its reservations is no longer what was offered."""
    offered = [(exchange.given_id, exchange.given_revision)]
    if exchange.wanted_id is not None and exchange.wanted_revision is not None:
        offered.append((exchange.wanted_id, exchange.wanted_revision))
    found = select(Reservation.id, Reservation.revision, Reservation.status)
    rows = session.execute(found.where(Reservation.id.in_([one for one, _revision in offered]))).all()
    present = {row.id: row for row in rows}
    return any(
        present[one].revision != revision or present[one].status != Status.CONFIRMED for one, revision in offered
    )


def close(session: Session, exchange: Exchange, state: ExchangeState, *, by: Actor, now: datetime) -> None:
    """End an open exchange without any change of reservations."""
    exchange.state, exchange.closed_at = state.value, now
    exchange.revision += 1
    session.flush()
    record(session, _EVENTS[state].of(exchange), by=by, at=now)


def _leavers_of(exchange: Exchange, day: date) -> Select[int]:
    parties = Member.id.in_([exchange.proposer_id, exchange.receiver_id])
    return select(Member.id).where(parties, Member.left_on < day).limit(1)


def _answer(
    session: Session, exchange_id: int, state: ExchangeState, *, by: Actor, now: datetime, revision: int | None
) -> None:
    exchange = lock(session, exchange_id)
    if exchange.state == state:
        return
    require_open(exchange, now)
    revisions.require_revision(revision, exchange.revision)
    close(session, exchange, state, by=by, now=now)
