"""Whether a reservation may change hands, and what the rules say to who would get it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from booking.errors.exchange_errors import NotExchangeable, PartnerRefused
from booking.errors.schedule_errors import RequestRefused, Violation
from booking.models import Blocking, Reservation, Status
from booking.records import catalogue, ring
from booking.records.catalogue import MachineTerms
from booking.reservations import wishes
from booking.reservations.wishes import Wish
from booking.rules.persons import Person
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Change:
    """A reservation that another member would get. gives_id: the reservation that this member gives for it.

    second: who is there as well, where two persons are needed; None: not asked yet.
    """

    reservation: Reservation
    member_id: int
    gives_id: int | None = None
    second: Person | None = None

    @property
    def wish(self) -> Wish:
        """The wish of who gets it. The purpose is that of the other member, and stays there."""
        given = self.reservation
        span = TimeSpan(given.starts_at, given.ends_at)
        return Wish(given.machine_id, self.member_id, span, given.places, second=self.second, choices=given.choices)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What stands against an exchange: why a reservation cannot change hands, and the rules each member breaks.

    deciding_workshops: of its machines that are lent only after approval. What is handed over is a request of the
    receiver then; a swap waits until the workshops have decided about both halves at once.
    """

    obstacle: NotExchangeable | None = None
    of_receiver: list[Violation] = field(default_factory=list)
    of_proposer: list[Violation] = field(default_factory=list)
    deciding_workshops: frozenset[int] = frozenset()

    @property
    def needs_approval(self) -> bool:
        """Return whether one of its machines is lent only after approval."""
        return bool(self.deciding_workshops)

    @property
    def is_possible(self) -> bool:
        """Return whether nothing stands against it."""
        return self.obstacle is None and not self.of_receiver and not self.of_proposer


class Seconds(NamedTuple):
    """Who is there as well with what each gets; None: not asked yet."""

    of_receiver: Person | None = None
    of_proposer: Person | None = None


NOT_ASKED = Seconds()


def changes_of(
    given: Reservation, receiver_id: int, wanted: Reservation | None, seconds: Seconds = NOT_ASKED
) -> tuple[Change, ...]:
    """Return what changes hands: first what the receiver gets, then what the proposer gets for it."""
    if wanted is None:
        return (Change(given, receiver_id, second=seconds.of_receiver),)
    return (
        Change(given, receiver_id, wanted.id, seconds.of_receiver),
        Change(wanted, given.member_id, given.id, seconds.of_proposer),
    )


def judge(
    session: Session,
    given: Reservation,
    receiver_id: int,
    wanted: Reservation | None,
    *,
    now: datetime,
    seconds: Seconds = NOT_ASKED,
) -> Judgement:
    """Return what stands against an exchange. Reads only. Raises MemberNotFound, MachineNotFound."""
    changes = changes_of(given, receiver_id, wanted, seconds)
    terms = {one.reservation.id: catalogue.bookable_machine(session, one.reservation.machine_id) for one in changes}
    obstacle = next(_obstacles(session, changes, now), None)
    found = [_violations(session, one, terms[one.reservation.id], now) for one in changes]
    return Judgement(
        obstacle,
        of_receiver=found[0],
        of_proposer=found[1] if wanted is not None else [],
        deciding_workshops=frozenset(one.workshop_id for one in terms.values() if one.policy.needs_approval),
    )


def require(judgement: Judgement, *, for_receiver: bool) -> None:
    """Raise what stands against an exchange, in the view of one of the two: figures only of its own.

    Raises NotExchangeable, RequestRefused, PartnerRefused.
    """
    own, other = judgement.of_receiver, judgement.of_proposer
    if not for_receiver:
        own, other = other, own
    if judgement.obstacle is not None:
        raise judgement.obstacle
    if own:
        raise RequestRefused(own)
    if other:
        raise PartnerRefused(rules=list(dict.fromkeys(one.rule for one in other)))


def obstacle_of(session: Session, reservation: Reservation, *, now: datetime) -> NotExchangeable | None:
    """Return why a reservation cannot be given to anybody as it is now; None where it can."""
    if (found := refusal_of_ring(session, reservation)) is not None:
        return found
    return next((_refusal(reservation, why) for why in _states(session, reservation, now)), None)


def refusal_of_ring(session: Session, reservation: Reservation) -> NotExchangeable | None:
    """Return that the ring allows no exchanges; None where it does. What is offered already can still be answered."""
    rules = ring.the_ring(session)
    return None if rules is None or rules.are_exchanges_allowed else _refusal(reservation, "not_allowed")


def _obstacles(session: Session, changes: tuple[Change, ...], now: datetime) -> Iterator[NotExchangeable]:
    for one in changes:
        for why in _states(session, one.reservation, now):
            yield _refusal(one.reservation, why)
        if one.member_id == one.reservation.member_id:
            yield _refusal(one.reservation, "same_member")


def _states(session: Session, reservation: Reservation, now: datetime) -> Iterator[str]:
    if reservation.status != Status.CONFIRMED:
        yield "not_confirmed"
    elif reservation.starts_at <= now:
        yield "begun"
    elif reservation.proposed_at is not None:
        yield "proposed"
    elif session.scalars(_closures(reservation).limit(1)).first() is not None:
        yield "closed"


def _closures(reservation: Reservation) -> Select[int]:
    """Return the statement of closures in its time: the workshop decides about it first."""
    return select(Blocking.id).where(
        Blocking.machine_id == reservation.machine_id,
        Blocking.lifted_at.is_(None),
        Blocking.starts_at < reservation.occupied_until,
        Blocking.ends_at > reservation.occupied_from,
    )


def _refusal(reservation: Reservation, why: str) -> NotExchangeable:
    return NotExchangeable(reservation_id=reservation.id, status=why)


def _violations(session: Session, change: Change, terms: MachineTerms, now: datetime) -> list[Violation]:
    """Return the rules that a change breaks. Notice and horizon count from when the time was first asked for.

    The workshop has known it since. What the member gives counts for no quota any more.
    """
    return wishes.violations_of(
        session,
        change.wish,
        terms.policy,
        asked_at=change.reservation.asked_at,
        now=now,
        reservation_id=change.gives_id,
    )
