"""Ending open exchanges: what every answer to one and every closure of a machine has in common.

The row of the exchange is locked last, after reservations and machines where those are locked too (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.errors.exchange_errors import ExchangeNotFound
from booking.events.exchange_events import (
    ExchangeDeclined,
    ExchangeEvent,
    ExchangeLapsed,
    ExchangeOutdated,
    ExchangeWithdrawn,
)
from booking.kernel import revisions
from booking.kernel.events import Actor, record
from booking.models import Exchange, ExchangeState, Reservation
from booking.places import held_spans
from booking.timespan import TimeSpan

_EVENTS: Mapping[ExchangeState, type[ExchangeEvent]] = {
    ExchangeState.DECLINED: ExchangeDeclined,
    ExchangeState.WITHDRAWN: ExchangeWithdrawn,
    ExchangeState.LAPSED: ExchangeLapsed,
    ExchangeState.OUTDATED: ExchangeOutdated,
}


def lock(session: Session, exchange_id: int, revision: int | None = None) -> Exchange:
    """Lock an exchange and return it. Raises ExchangeNotFound, StaleRevision."""
    return revisions.locked(session, Exchange, exchange_id, missing=ExchangeNotFound, revision=revision)


def close(session: Session, exchange: Exchange, state: ExchangeState, *, by: Actor, now: datetime) -> None:
    """End an open exchange without any change of reservations."""
    exchange.state, exchange.closed_at = state.value, now
    exchange.revision += 1
    session.flush()
    record(session, _EVENTS[state].of(exchange), by=by, at=now)


def end_of_closed(session: Session, machine_id: int, spans: Sequence[TimeSpan], *, by: Actor, now: datetime) -> None:
    """End open exchanges of a locked machine in spans in which it is closed: the workshop decides about those first.

    Both members hear of it.
    """
    is_hit = (
        Reservation.machine_id == machine_id,
        held_spans.overlap_any(Reservation.occupied_from, Reservation.occupied_until, spans),
    )
    hit = select(Reservation.id).where(*is_hit)
    is_part = or_(Exchange.given_id.in_(hit), Exchange.wanted_id.in_(hit))
    wanted = select(Exchange.id).where(Exchange.state == ExchangeState.OPEN.value, is_part).order_by(Exchange.id)
    for exchange_id in session.scalars(wanted).all():
        exchange = lock(session, exchange_id)
        if exchange.state == ExchangeState.OPEN:
            close(session, exchange, ExchangeState.OUTDATED, by=by, now=now)
