"""The end of an exchange that was not accepted: answered, withdrawn, lapsed, or overtaken by a change.

The row of the exchange is locked last, after reservations and machines where those are locked too (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session, aliased

from booking.errors.exchange_errors import ExchangeClosed
from booking.events.exchange_events import ExchangeRejected
from booking.kernel import revisions
from booking.kernel.events import Actor, record
from booking.models import Exchange, ExchangeState, Member, Reservation, Status
from booking.offers.open_exchanges import close, lock
from booking.records import ring

_given, _wanted = aliased(Reservation), aliased(Reservation)


def latest_answer(
    session: Session, given: Reservation, wanted: Reservation | None, *, now: datetime, hours: int | None = None
) -> datetime:
    """Return until when an exchange can be answered: some hours (None: those of the ring), but not into its times."""
    rules = ring.the_ring(session)
    usual = ring.EXCHANGE_HOURS if rules is None else rules.exchange_hours
    return min(now + timedelta(hours=hours or usual), *(one.starts_at for one in (given, wanted) if one))


def renew(session: Session, exchange_id: int, *, heard_at: datetime) -> bool:
    """Give an open exchange its whole time to answer from when its receiver hears of it; return whether it got more.

    Never beyond the start of its reservations.
    """
    exchange = lock(session, exchange_id)
    if exchange.state != ExchangeState.OPEN or exchange.agreed_at is not None:
        return False
    ids = [one for one in (exchange.given_id, exchange.wanted_id) if one is not None]
    starts = session.scalars(select(Reservation.starts_at).where(Reservation.id.in_(ids))).all()
    until = min(heard_at + (exchange.lapses_at - exchange.proposed_at), *starts)
    if until <= max(heard_at, exchange.lapses_at):
        return False
    exchange.lapses_at = until
    exchange.revision += 1
    session.flush()
    return True


def decline(session: Session, exchange_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Decline an exchange: everything stays as it was. Who declined already has: nothing happens.

    Also after agreeing to a swap, as long as the workshop has not decided.

    Raises ExchangeNotFound, ExchangeClosed, StaleRevision.
    """
    _answer(session, exchange_id, ExchangeState.DECLINED, by=by, now=now, revision=revision)


def withdraw(session: Session, exchange_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Take a proposal back. Who took it back already has: nothing happens.

    Raises ExchangeNotFound, ExchangeClosed, StaleRevision.
    """
    _answer(session, exchange_id, ExchangeState.WITHDRAWN, by=by, now=now, revision=revision)


def reject(
    session: Session, exchange_id: int, reason: str, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Decline a swap on which both members have agreed, for the workshop. Declined already, it stays so.

    Raises ExchangeNotFound, ExchangeClosed, StaleRevision.
    """
    exchange = lock(session, exchange_id)
    if exchange.state == ExchangeState.DECLINED and exchange.agreed_at is not None:
        return
    require_agreed(exchange, now)
    revisions.require_revision(revision, exchange.revision)
    exchange.state, exchange.closed_at = ExchangeState.DECLINED.value, now
    exchange.revision += 1
    session.flush()
    record(session, ExchangeRejected.of(exchange, reason=reason), by=by, at=now)


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


def overdue(
    session: Session, *, now: datetime, day: date | None = None, limit: int = 100, only_outdated: bool = False
) -> Sequence[int]:
    """Return the ids of open exchanges that cannot be accepted any more, those that were to be answered first first.

    day: also those of members who left before it. only_outdated: not those whose time to answer is over.
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
                false() if only_outdated else Exchange.lapses_at <= now,
                ~is_as_offered,
                and_(Exchange.wanted_id.is_not(None), ~is_as_wanted),
                is_left,
            ),
        )
        .order_by(Exchange.lapses_at, Exchange.id)
        .limit(limit)
    ).all()


def require_unanswered(exchange: Exchange, now: datetime) -> None:
    """Raise ExchangeClosed for an exchange that the receiver cannot accept any more, or has agreed to already."""
    require_open(exchange, now)
    if exchange.agreed_at is not None:
        raise ExchangeClosed(status="agreed")


def require_agreed(exchange: Exchange, now: datetime) -> None:
    """Raise ExchangeClosed for a swap about which the workshop has nothing to decide, not yet or not any more."""
    require_open(exchange, now)
    if exchange.agreed_at is None:
        raise ExchangeClosed(status="not_agreed")


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


def _leavers_of(exchange: Exchange, day: date) -> Select[int]:
    parties = Member.id.in_([exchange.proposer_id, exchange.receiver_id])
    return select(Member.id).where(parties, Member.left_on < day).limit(1)


def _answer(
    session: Session, exchange_id: int, state: ExchangeState, *, by: Actor, now: datetime, revision: int | None
) -> None:
    exchange = lock(session, exchange_id)
    if exchange.state == state and exchange.agreed_at is None:
        return
    require_open(exchange, now)
    revisions.require_revision(revision, exchange.revision)
    exchange.agreed_at = None  # one that was declined with it was declined by the workshop
    close(session, exchange, state, by=by, now=now)
