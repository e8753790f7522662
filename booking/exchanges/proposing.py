"""Proposing an exchange: until it is accepted, everything stays as it is.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.errors.exchange_errors import ExchangePending
from booking.events.exchange_events import ExchangeProposed
from booking.exchanges import conditions, ending
from booking.kernel.events import Actor, record
from booking.kernel.revisions import require_revision
from booking.models import Exchange, ExchangeState, Reservation
from booking.places import occupancies
from booking.reservations import reservation_writer
from booking.rules.persons import MEMBER_ITSELF, Person

NOTE_LENGTH_MAX = 500
ONE_OPEN = "uq_booking_exchange_open", "booking_exchange.given_id"  # of PostgreSQL, of SQLite


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reservation that is offered: to a receiver, or for a wanted reservation, whose member is asked; one of the two.

    second: who is there as well with the wanted reservation, where its machine needs two persons.
    revision and wanted_revision: of the reservations as the proposer saw them; None accepts any.
    hours: to answer; None for those of the ring.
    """

    given_id: int
    receiver_id: int | None = None
    wanted_id: int | None = None
    note: str = ""
    hours: int | None = None
    revision: int | None = None
    wanted_revision: int | None = None
    second: Person = MEMBER_ITSELF


def propose(session: Session, proposal: Proposal, *, by: Actor, now: datetime) -> int:
    """Offer a reservation to another member; return the id of the exchange. The present member stays bound.

    It is judged at once, so that nobody is asked for what the rules forbid, and again when it is accepted. It lapses
    after its hours, and when the first of the reservations begins.
    Raises ReservationNotFound, StaleRevision, MemberNotFound, MachineNotFound, NotExchangeable, RequestRefused,
    PartnerRefused, ExchangePending.
    """
    given, wanted = _lock(session, proposal)
    receiver_id = wanted.member_id if wanted is not None else proposal.receiver_id
    if receiver_id is None:
        raise ValueError("a proposal needs a receiver or a wanted reservation")
    if (refusal := conditions.refusal_of_ring(session, given)) is not None:
        raise refusal
    seconds = conditions.Seconds(of_proposer=proposal.second)
    judgement = conditions.judge(session, given, receiver_id, wanted, now=now, seconds=seconds)
    conditions.require(judgement, for_receiver=False)
    _require_none_open(session, given, by=by, now=now)
    exchange = Exchange(
        given_id=given.id,
        given_revision=given.revision,
        wanted_id=None if wanted is None else wanted.id,
        wanted_revision=None if wanted is None else wanted.revision,
        proposer_id=given.member_id,
        receiver_id=receiver_id,
        note=proposal.note,
        state=ExchangeState.OPEN.value,
        proposed_at=now,
        lapses_at=ending.latest_answer(session, given, wanted, now=now, hours=proposal.hours),
        proposers_second=proposal.second.name if wanted is not None else "",
        proposers_second_user_id=proposal.second.user_id if wanted is not None else None,
        revision=0,
    )
    session.add(exchange)
    _flush(session)
    record(session, ExchangeProposed.of(exchange), by=by, at=now)
    return exchange.id


def _flush(session: Session) -> None:
    """Store a new exchange. Both lock the reservation, so that a second one is found before; the guard decides."""
    try:
        session.flush()
    except IntegrityError as error:
        if not any(name in str(error.orig) for name in ONE_OPEN):
            raise
        raise ExchangePending(exchange_id=None) from error


def _lock(session: Session, proposal: Proposal) -> tuple[Reservation, Reservation | None]:
    """Lock the reservations and their machines, so that their rules and closures are those of this moment."""
    ids = [one for one in (proposal.given_id, proposal.wanted_id) if one is not None]
    found = reservation_writer.lock_many(session, ids, member_ids=())
    occupancies.lock_machines(session, [one.machine_id for one in found])
    given, wanted = found[0], found[1] if len(found) > 1 else None
    require_revision(proposal.revision, given.revision)
    if wanted is not None:
        require_revision(proposal.wanted_revision, wanted.revision)
    return given, wanted


def _require_none_open(session: Session, given: Reservation, *, by: Actor, now: datetime) -> None:
    """Refuse a second open proposal of a reservation; one that cannot be accepted any more is ended first."""
    is_open = Exchange.given_id == given.id, Exchange.state == ExchangeState.OPEN.value
    found = session.scalars(select(Exchange.id).where(*is_open)).one_or_none()
    if found is not None and not ending.end_overdue(session, found, by=by, now=now):
        raise ExchangePending(exchange_id=found)
