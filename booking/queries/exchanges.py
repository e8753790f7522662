"""Exchanges between members: one, and those of members or workshops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from booking.errors import ReservationNotFound
from booking.exchange_errors import ExchangeNotFound, NotExchangeable
from booking.exchanges import conditions
from booking.exchanges.conditions import Judgement
from booking.kernel.orm import UtcDateTime
from booking.kernel.prepared import PreparedStatement
from booking.models import Exchange, ExchangeState, Machine, Member, Reservation, Status, Workshop
from booking.timespan import TimeSpan
from booking.wishes import Wish


@dataclass(frozen=True, slots=True)
class ExchangedTime:
    """A reservation of an exchange. is_as_offered: nothing of it has changed since, and it is confirmed."""

    reservation_id: int
    machine_id: int
    machine_slug: str
    machine_name: str
    workshop_id: int
    workshop_name: str
    zone: ZoneInfo
    member_id: int
    member_name: str
    span: TimeSpan
    places: int
    cancel_until: datetime
    is_as_offered: bool

    def wish_of(self, member_id: int) -> Wish:
        """Return what a member gets with it."""
        return Wish(self.machine_id, member_id, self.span, self.places, second=None)


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """An exchange with the names that people need to recognise it. wanted: None where one is handed over."""

    id: int
    given: ExchangedTime
    wanted: ExchangedTime | None
    proposer_id: int
    proposer_name: str
    receiver_id: int
    receiver_name: str
    note: str
    state: ExchangeState
    proposed_at: datetime
    lapses_at: datetime
    closed_at: datetime | None
    made_for_receiver_id: int | None
    made_for_proposer_id: int | None
    revision: int

    @property
    def times(self) -> tuple[ExchangedTime, ...]:
        """The reservations of it."""
        return (self.given,) if self.wanted is None else (self.given, self.wanted)

    def state_at(self, now: datetime) -> ExchangeState:
        """Return how it stands: what is stored as open may have lapsed, or been overtaken by a change."""
        if self.state != ExchangeState.OPEN:
            return self.state
        if not all(one.is_as_offered for one in self.times):
            return ExchangeState.OUTDATED
        return ExchangeState.LAPSED if self.lapses_at <= now else ExchangeState.OPEN

    def is_open(self, now: datetime) -> bool:
        """Return whether it can be accepted."""
        return self.state_at(now) == ExchangeState.OPEN

    def knows_receiver(self, member_id: int | None) -> bool:
        """Return whether a member may know who the receiver is.

        Who wants a time sees that it is taken, not by whom, until both have agreed.
        """
        return self.wanted is None or member_id != self.proposer_id or self.state == ExchangeState.ACCEPTED


_given, _wanted = aliased(Reservation), aliased(Reservation)
_of_given, _of_wanted = aliased(Machine), aliased(Machine)
_proposer, _receiver = aliased(Member), aliased(Member)
_at_given, _at_wanted = aliased(Workshop), aliased(Workshop)
_VIEWS = (
    select(Exchange, _given, _of_given, _at_given, _wanted, _of_wanted, _at_wanted, _proposer.name, _receiver.name)
    .join(_given, _given.id == Exchange.given_id)
    .join(_of_given, _of_given.id == _given.machine_id)
    .join(_at_given, _at_given.id == _of_given.workshop_id)
    .outerjoin(_wanted, _wanted.id == Exchange.wanted_id)
    .outerjoin(_of_wanted, _of_wanted.id == _wanted.machine_id)
    .outerjoin(_at_wanted, _at_wanted.id == _of_wanted.workshop_id)
    .join(_proposer, _proposer.id == Exchange.proposer_id)
    .join(_receiver, _receiver.id == Exchange.receiver_id)
)


# Compiled once: built for each start page, the wide statement took an eighth of its processor time.
_WAITING = PreparedStatement(
    select(Exchange.id)
    .join(_given, _given.id == Exchange.given_id)
    .outerjoin(_wanted, _wanted.id == Exchange.wanted_id)
    .where(
        Exchange.state == ExchangeState.OPEN.value,
        Exchange.lapses_at > bindparam("now", type_=UtcDateTime),
        Exchange.receiver_id == bindparam("member_id"),
        _given.revision == Exchange.given_revision,
        or_(_wanted.id.is_(None), _wanted.revision == Exchange.wanted_revision),
    )
    .order_by(Exchange.lapses_at, Exchange.id)
    .limit(bindparam("limit"))
)


def exchange(session: Session, exchange_id: int) -> ExchangeView:
    """Return one exchange, also one that has ended. Raises ExchangeNotFound."""
    row = session.execute(_VIEWS.where(Exchange.id == exchange_id)).one_or_none()
    if row is None:
        raise ExchangeNotFound(id=exchange_id)
    return _view(row)


def exchanges(
    session: Session,
    *,
    member_id: int | None,
    workshop_ids: Collection[int] | None = (),
    before: int | None = None,
    limit: int = 20,
) -> tuple[ExchangeView, ...]:
    """Return exchanges of a member, or of machines of workshops (None: of all), the newest first.

    before: the id of the last one.
    """
    statement = _VIEWS.order_by(Exchange.id.desc()).limit(limit)
    if workshop_ids is not None:
        of_member = or_(Exchange.proposer_id == member_id, Exchange.receiver_id == member_id)
        of_workshop = _of_given.workshop_id.in_(workshop_ids), _of_wanted.workshop_id.in_(workshop_ids)
        # Nothing but the members where there is no workshop: else no index of theirs would be used.
        statement = statement.where(or_(of_member, *of_workshop) if workshop_ids else of_member)
    if before is not None:
        statement = statement.where(Exchange.id < before)
    return tuple(_view(row) for row in session.execute(statement))


def waiting_for(session: Session, member_id: int, *, now: datetime, limit: int = 5) -> tuple[ExchangeView, ...]:
    """Return the open exchanges that a member has to answer, those first that lapse first."""
    at = {"member_id": member_id, "now": now, "limit": limit}
    ids = [row.id for row in _WAITING.of(session, at)]
    if not ids:  # almost always, and each start page of a member asks
        return ()
    rows = session.execute(_VIEWS.where(Exchange.id.in_(ids)).order_by(Exchange.lapses_at, Exchange.id))
    return tuple(_view(row) for row in rows)


def open_of_reservation(session: Session, reservation_id: int, *, now: datetime) -> ExchangeView | None:
    """Return the open exchange in which a reservation is offered."""
    row = session.execute(_open(now).where(Exchange.given_id == reservation_id)).one_or_none()
    found = None if row is None else _view(row)
    return found if found is not None and found.is_open(now) else None


def is_passed_on(session: Session, reservation_id: int) -> bool:
    """Return whether a reservation ended because another member got its time."""
    is_part = or_(Exchange.given_id == reservation_id, Exchange.wanted_id == reservation_id)
    found = select(Exchange.id).where(is_part, Exchange.state == ExchangeState.ACCEPTED.value).limit(1)
    return session.scalar(found) is not None


def judgement(
    session: Session, given_id: int, *, now: datetime, receiver_id: int | None = None, wanted_id: int | None = None
) -> Judgement:
    """Return what stands against an exchange, without carrying anything out.

    receiver_id: of what is handed over; of a swap it is the member of the wanted reservation.
    Raises ReservationNotFound, MemberNotFound, MachineNotFound.
    """
    given = _reservation(session, given_id)
    wanted = None if wanted_id is None else _reservation(session, wanted_id)
    receiver = wanted.member_id if wanted is not None else receiver_id
    assert receiver is not None
    return conditions.judge(session, given, receiver, wanted, now=now)


def obstacle(session: Session, reservation_id: int, *, now: datetime) -> NotExchangeable | None:
    """Return why a reservation cannot be given to another member as it is now; None where it can."""
    return conditions.obstacle_of(session, _reservation(session, reservation_id), now=now)


def taken_times(
    session: Session, machine_id: int, span: TimeSpan, *, now: datetime, excluding_member: int, limit: int = 50
) -> tuple[tuple[int, TimeSpan], ...]:
    """Return when a machine is reserved by others in a span, from now on: the reservation and its time, never whose."""
    found = select(Reservation.id, Reservation.starts_at, Reservation.ends_at).where(
        Reservation.machine_id == machine_id,
        Reservation.status == Status.CONFIRMED.value,
        Reservation.member_id != excluding_member,
        Reservation.starts_at > now,
        Reservation.starts_at < span.end,
        Reservation.ends_at > span.start,
    )
    rows = session.execute(found.order_by(Reservation.starts_at, Reservation.id).limit(limit))
    return tuple((row.id, TimeSpan(row.starts_at, row.ends_at)) for row in rows)


def time_of(session: Session, reservation_id: int) -> ExchangedTime:
    """Return a reservation as it would be exchanged. Raises ReservationNotFound."""
    statement = (
        select(_given, _of_given, _at_given, _proposer.name)
        .join(_of_given, _of_given.id == _given.machine_id)
        .join(_at_given, _at_given.id == _of_given.workshop_id)
        .join(_proposer, _proposer.id == _given.member_id)
    )
    row = session.execute(statement.where(_given.id == reservation_id)).one_or_none()
    if row is None:
        raise ReservationNotFound(id=reservation_id)
    reservation, machine, workshop, name = row
    return _time(reservation, machine, workshop, name, reservation.revision)


def member_of_number(session: Session, number: str, *, day: date) -> int | None:
    """Return the id of the member of a whole number on a day; None for nobody."""
    is_member = or_(Member.left_on.is_(None), Member.left_on >= day)
    found = select(Member.id).where(func.lower(Member.number) == number.strip().lower(), is_member)
    return session.scalars(found).one_or_none()


def _reservation(session: Session, reservation_id: int) -> Reservation:
    found = session.get(Reservation, reservation_id, populate_existing=True)
    if found is None:
        raise ReservationNotFound(id=reservation_id)
    return found


def _open(now: datetime) -> Select[*tuple[Any, ...]]:
    return _VIEWS.where(Exchange.state == ExchangeState.OPEN.value, Exchange.lapses_at > now)


def _time(
    reservation: Reservation, machine: Machine, workshop: Workshop, member_name: str, revision: int | None
) -> ExchangedTime:
    return ExchangedTime(
        reservation_id=reservation.id,
        machine_id=machine.id,
        machine_slug=machine.slug,
        machine_name=machine.name,
        workshop_id=workshop.id,
        workshop_name=workshop.name,
        zone=ZoneInfo(workshop.timezone),
        member_id=reservation.member_id,
        member_name=member_name,
        span=TimeSpan(reservation.starts_at, reservation.ends_at),
        places=reservation.places,
        cancel_until=reservation.cancel_until,
        is_as_offered=reservation.revision == revision and reservation.status == Status.CONFIRMED,
    )


def _view(row: Row[*tuple[Any, ...]]) -> ExchangeView:
    found, given, of_given, at_given, wanted, of_wanted, at_wanted, proposer, receiver = row
    return ExchangeView(
        id=found.id,
        given=_time(given, of_given, at_given, proposer, found.given_revision),
        wanted=None if wanted is None else _time(wanted, of_wanted, at_wanted, receiver, found.wanted_revision),
        proposer_id=found.proposer_id,
        proposer_name=proposer,
        receiver_id=found.receiver_id,
        receiver_name=receiver,
        note=found.note,
        state=ExchangeState(found.state),
        proposed_at=found.proposed_at,
        lapses_at=found.lapses_at,
        closed_at=found.closed_at,
        made_for_receiver_id=found.made_for_receiver_id,
        made_for_proposer_id=found.made_for_proposer_id,
        revision=found.revision,
    )
