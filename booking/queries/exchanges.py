"""Exchanges between members: one, and those of members or workshops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, func, inspect, or_, select
from sqlalchemy.orm import Session, aliased

from booking.errors.exchange_errors import ExchangeNotFound
from booking.errors.schedule_errors import ReservationNotFound
from booking.kernel.orm import UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import Exchange, ExchangeState, Machine, Member, Reservation, Status, Workshop
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class ExchangedTime:
    """A reservation of an exchange. needs_approval: of its machine; is_as_offered: confirmed, and unchanged since."""

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
    needs_approval: bool
    is_as_offered: bool
    choices: tuple[str, ...]

    def wish_of(self, member_id: int) -> Wish:
        """Return what a member gets with it: with the variants that are chosen, which may be changed afterwards."""
        return Wish(self.machine_id, member_id, self.span, self.places, second=None, choices=self.choices)


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
    agreed_at: datetime | None
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
        """Return whether it can be answered, by the receiver or, once both have agreed, by the workshop."""
        return self.state_at(now) == ExchangeState.OPEN

    def is_agreed(self, now: datetime) -> bool:
        """Return whether the workshop decides about it now."""
        return self.agreed_at is not None and self.is_open(now)

    @property
    def deciding_workshops(self) -> frozenset[int]:
        """The workshops that decide about a swap: those of its machines that are lent only after approval."""
        return frozenset(one.workshop_id for one in self.times if one.needs_approval)

    def knows_receiver(self, member_id: int | None) -> bool:
        """Return whether a member may know who the receiver is.

        Who wants a time sees that it is taken, not by whom, until both have agreed.
        """
        is_known = self.state == ExchangeState.ACCEPTED or self.agreed_at is not None
        return self.wanted is None or member_id != self.proposer_id or is_known


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
        Exchange.agreed_at.is_(None),
        _given.revision == Exchange.given_revision,
        or_(_wanted.id.is_(None), _wanted.revision == Exchange.wanted_revision),
    )
    .order_by(Exchange.lapses_at, Exchange.id)
    .limit(bindparam("limit"))
)


_AGREED = PreparedStatement(
    select(Exchange.id)
    .where(
        Exchange.state == ExchangeState.OPEN.value,
        Exchange.lapses_at > bindparam("now", type_=UtcDateTime),
        Exchange.agreed_at.is_not(None),
    )
    .limit(1)
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


def agreed(
    session: Session, workshop_ids: Collection[int] | None, *, now: datetime, limit: int = 25
) -> tuple[ExchangeView, ...]:
    """Return the first swaps about which workshops (None: any) decide now, those first whose time comes first."""
    if not _AGREED.of(session, {"now": now}):  # almost always, and each start page of a manager asks
        return ()
    statement = _open(now).where(Exchange.agreed_at.is_not(None)).order_by(Exchange.lapses_at, Exchange.id)
    if workshop_ids is not None:
        columns = [inspect(one).selectable.c for one in (_of_given, _of_wanted)]
        decides = (one.needs_approval & one.workshop_id.in_(workshop_ids) for one in columns)
        statement = statement.where(or_(*decides))
    # Not limited by the database: those that have changed since are left out only here, and few wait at once.
    found = (_view(row) for row in session.execute(statement))
    return tuple(islice((view for view in found if view.is_open(now)), limit))


def swaps_to_decide(decides: ColumnElement[bool]) -> Select[int]:
    """Return the count of what `agreed` lists, for the parameter `now`. decides: a condition on Machine."""
    one_of_both = Reservation.id.in_((Exchange.given_id, Exchange.wanted_id))
    offered = Reservation.revision == case(
        (Reservation.id == Exchange.given_id, Exchange.given_revision), else_=Exchange.wanted_revision
    )
    concerned = select(Reservation.id).join(Machine, Machine.id == Reservation.machine_id).where(one_of_both)
    is_changed = concerned.where(or_(~offered, Reservation.status != Status.CONFIRMED)).exists()
    return select(func.count(Exchange.id)).where(
        Exchange.state == ExchangeState.OPEN.value,
        Exchange.lapses_at > bindparam("now", type_=UtcDateTime),
        Exchange.agreed_at.is_not(None),
        concerned.where(table_of(Machine).c.needs_approval, decides).exists(),
        ~is_changed,
    )


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
        needs_approval=machine.rules.needs_approval,
        is_as_offered=reservation.revision == revision and reservation.status == Status.CONFIRMED,
        choices=reservation.choices,
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
        agreed_at=found.agreed_at,
        closed_at=found.closed_at,
        made_for_receiver_id=found.made_for_receiver_id,
        made_for_proposer_id=found.made_for_proposer_id,
        revision=found.revision,
    )
