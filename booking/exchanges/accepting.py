"""Accepting an exchange: both reservations change hands in one transaction, or none.

Their places are free at no moment: the new reservations take over the rows that the guard protects.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.exchange_errors import ExchangeClosed, ExchangeNotFound
from booking.events.exchange_events import ExchangeAccepted, ExchangeAgreed, ReservationHandedOver
from booking.exchanges import conditions, ending
from booking.exchanges.conditions import Change, Judgement, Seconds
from booking.kernel.errors import StaleRevision
from booking.kernel.events import Actor, record
from booking.kernel.revisions import require_revision
from booking.models import Exchange, ExchangeState, Reservation
from booking.offers import open_exchanges
from booking.places import occupancies
from booking.records import catalogue, schedule_versions
from booking.records.publish import publish_all
from booking.reservations import lifecycle, reservation_writer, reservations, wishes
from booking.reservations.lifecycle import Step
from booking.reservations.reservation_writer import NewReservation
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan


def accept(
    session: Session,
    exchange_id: int,
    *,
    by: Actor,
    now: datetime,
    decides_in: Collection[int] | None = (),
    revision: int | None = None,
    second: Person = MEMBER_ITSELF,
) -> Exchange:
    """Agree to an exchange, for the receiver: return it with the reservations that it made, if it made them.

    Everything is judged again as of now. Nobody cancels late by it. On a machine that needs approval, what is handed
    over becomes a request of the receiver, and a swap waits for the workshop, which decides about both halves at once;
    unless the actor decides in all workshops that want to (decides_in; None: everywhere). second: who is there as well,
    where the machine needs two persons.
    Raises ExchangeNotFound, ExchangeClosed, StaleRevision, MachineNotFound, NotExchangeable, RequestRefused,
    PartnerRefused.
    """
    given, wanted, exchange = _lock(session, exchange_id)
    ending.require_unanswered(exchange, now)
    exchange.receivers_second, exchange.receivers_second_user_id = second.name, second.user_id
    judgement = _judge(session, given, wanted, exchange, revision=revision, now=now)
    approve = _decides(decides_in, judgement)
    if wanted is not None and not approve:
        exchange.agreed_at, exchange.lapses_at = now, min(given.starts_at, wanted.starts_at)
        exchange.revision += 1
        session.flush()
        record(session, ExchangeAgreed.of(exchange), by=by, at=now)
        return exchange
    return _carry_out(session, given, wanted, exchange, approve=approve, by=by, now=now)


def approve(
    session: Session,
    exchange_id: int,
    *,
    by: Actor,
    now: datetime,
    decides_in: Collection[int] | None = None,
    revision: int | None = None,
) -> Exchange:
    """Approve a swap on which both members have agreed, for the workshop: both halves at once.

    Approved already, it stays so. Raises as accept(); StaleRevision also where another workshop than those of
    decides_in decides as well since a moment ago.
    """
    given, wanted, exchange = _lock(session, exchange_id)
    if exchange.state == ExchangeState.ACCEPTED and exchange.agreed_at is not None:
        return exchange
    ending.require_agreed(exchange, now)
    judgement = _judge(session, given, wanted, exchange, revision=revision, now=now)
    if not _decides(decides_in, judgement):
        raise StaleRevision(expected=revision, actual=exchange.revision)
    return _carry_out(session, given, wanted, exchange, approve=True, by=by, now=now)


def _decides(decides_in: Collection[int] | None, judgement: Judgement) -> bool:
    """Return whether who decides in some workshops may approve all that needs it, as the locked machines say now."""
    return decides_in is None or judgement.deciding_workshops <= frozenset(decides_in)


def _judge(
    session: Session,
    given: Reservation,
    wanted: Reservation | None,
    exchange: Exchange,
    *,
    revision: int | None,
    now: datetime,
) -> Judgement:
    """Refuse an exchange that is not what was offered, or that the rules forbid as of now; return the judgement."""
    require_revision(revision, exchange.revision)
    if ending.is_outdated(session, exchange):
        raise ExchangeClosed(status=ExchangeState.OUTDATED.value)
    judgement = conditions.judge(session, given, exchange.receiver_id, wanted, now=now, seconds=_seconds(exchange))
    conditions.require(judgement, for_receiver=True)
    return judgement


def _seconds(exchange: Exchange) -> Seconds:
    return Seconds(
        Person(exchange.receivers_second, exchange.receivers_second_user_id),
        Person(exchange.proposers_second, exchange.proposers_second_user_id),
    )


def _carry_out(
    session: Session,
    given: Reservation,
    wanted: Reservation | None,
    exchange: Exchange,
    *,
    approve: bool,
    by: Actor,
    now: datetime,
) -> Exchange:
    """End the reservations and enter the new ones on their places."""
    exchange_id = exchange.id
    changes = conditions.changes_of(given, exchange.receiver_id, wanted, _seconds(exchange))
    new = [_new(session, one, exchange_id, approve=approve, now=now) for one in changes]
    # Bumped first, members before machines: what follows names them in parts.
    members, machines = (exchange.proposer_id, exchange.receiver_id), [one.reservation.machine_id for one in changes]
    schedule_versions.bump(session, member_ids=members, machine_ids=machines)
    old = [one.reservation for one in changes]
    _end(session, old, exchange_id, by=by, now=now)
    entered = {one.uid: one.id for one in reservation_writer.enter(session, new, by=by, now=now)}
    made = [entered[one.uid] for one in new]
    exchange.state, exchange.closed_at = ExchangeState.ACCEPTED.value, now
    exchange.made_for_receiver_id, exchange.made_for_proposer_id = made[0], made[1] if wanted is not None else None
    exchange.revision += 1
    session.flush()
    record(session, ExchangeAccepted.of(exchange), by=by, at=now)
    return exchange


def _lock(session: Session, exchange_id: int) -> tuple[Reservation, Reservation | None, Exchange]:
    """Lock the reservations by id, the quotas of both members, the machines by id, and last the exchange."""
    columns = Exchange.given_id, Exchange.wanted_id, Exchange.proposer_id, Exchange.receiver_id
    known = session.execute(select(*columns).where(Exchange.id == exchange_id)).one_or_none()
    if known is None:
        raise ExchangeNotFound(id=exchange_id)
    ids = [one for one in (known.given_id, known.wanted_id) if one is not None]
    found = reservation_writer.lock_many(session, ids, member_ids=(known.proposer_id, known.receiver_id))
    occupancies.lock_machines(session, [one.machine_id for one in found])
    return found[0], found[1] if len(found) > 1 else None, open_exchanges.lock(session, exchange_id)


def _new(session: Session, change: Change, exchange_id: int, *, approve: bool, now: datetime) -> NewReservation:
    """Return what is entered for who gets a reservation, on its places with its set-up and cleaning.

    Where cancelling it is late already it stays so: else a friend could cancel it for free.
    """
    given = change.reservation
    terms = catalogue.bookable_machine(session, given.machine_id)
    new = reservations.new_reservation(change.wish, terms, wishes.new_uid(), now, approve=approve)
    return replace(
        new,
        occupied=TimeSpan(given.occupied_from, given.occupied_until),
        cancel_until=given.cancel_until if given.cancel_until <= now else new.cancel_until,
        takes_over=given.id,
        asked_at=given.asked_at,
        exchange_id=exchange_id,
    )


def _end(session: Session, old: list[Reservation], exchange_id: int, *, by: Actor, now: datetime) -> None:
    """End the reservations that change hands: they count for no quota of their members any more, and hold on."""
    for reservation in old:
        lifecycle.advance(reservation, Step.HAND_OVER, now)
        reservation.decide_until, reservation.is_late_cancel = None, False
    reservation_writer.save_all(session, old, now)
    ended = [ReservationHandedOver.of(one, exchange_id=exchange_id) for one in old]
    publish_all(session, ended, by=by, now=now)
