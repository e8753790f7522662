"""What a manager needs in order to decide: waiting requests, with history and induction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, false, func, literal_column, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.kernel.orm import UtcDateTime
from booking.kernel.prepared import PreparedStatement
from booking.members import members
from booking.models import InductionKind, Machine, Reservation, Status, UsageRecord, Workshop
from booking.queries.exchanges import swaps_to_decide
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.queries.slips import IS_DISPUTED
from booking.times.wall_clock import local_day

REMEMBERED = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class MemberHistory:
    """The outcomes of a member's reservations during the last three years, on all machines."""

    completed: int = 0
    no_shows: int = 0
    late_cancels: int = 0


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A pending request with the information for a decision.

    induction_kind: what the machine asks for, or None;
    induction_until: the last day of the member's induction that holds on the day of the start, with all that it
    requires, or None.
    """

    reservation: ReservationView
    history: MemberHistory
    induction_kind: str | None
    induction_until: date | None

    @property
    def is_inducted(self) -> bool:
        """Whether the member may run the machine on the day, or needs no induction for it."""
        return self.induction_kind is None or self.induction_until is not None

    @property
    def waiting_since(self) -> datetime:
        """When this span was asked for."""
        return self.reservation.asked_at


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What waits for a login: requests to decide, objections to answer, machines that are not brought back in time.

    swaps: those between members on which both agreed and about which the login decides.
    """

    requests: int
    objections: int
    overdue: int
    swaps: int = 0


def waiting_requests(
    session: Session,
    workshop_ids: Collection[int] | None,
    now: datetime,
    *,
    workshop_slug: str = "",
    machine_slug: str = "",
    limit: int = 100,
) -> tuple[WaitingRequest, ...]:
    """Return the manager's queue, the request with the nearest deadline first.

    workshop_ids: the workshops of the manager; None: all. An empty collection matches nothing. workshop_slug,
    machine_slug: only of these; "" for all.
    Requests whose deadline has passed are not shown: nobody can decide them any more.
    """
    waiting = _waiting(workshop_ids, now, workshop_slug, machine_slug)
    found = all_views(session, waiting.order_by(Reservation.decide_until, Reservation.id).limit(limit))
    histories = _histories(session, {one.member_id for one in found}, now - REMEMBERED)
    inductions = _inductions(session, found)
    return tuple(
        WaitingRequest(one, histories.get(one.member_id, MemberHistory()), *inductions.get(one.id, (None, None)))
        for one in found
    )


def waiting_count(
    session: Session,
    workshop_ids: Collection[int] | None,
    now: datetime,
    *,
    workshop_slug: str = "",
    machine_slug: str = "",
) -> int:
    """Return how many requests wait for a decision. The filters are those of `waiting_requests`."""
    waiting = _waiting(workshop_ids, now, workshop_slug, machine_slug).with_only_columns(
        func.count(), maintain_column_froms=True
    )
    return session.scalar(waiting) or 0


def agreed_count(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> int:
    """Return how many swaps wait for the decision of workshops (None: any)."""
    decides = true() if workshop_ids is None else Machine.workshop_id.in_(workshop_ids)
    return session.scalar(swaps_to_decide(decides), {"now": now}) or 0


def desk_counts(
    session: Session,
    workshop_ids: Collection[int] | None,
    member_id: int | None,
    *,
    now: datetime,
    sees_all_objections: bool = False,
) -> DeskCounts:
    """Return what waits for a login, in one statement.

    workshop_ids: those that it manages; None: all. Of a member only its own machines count that are overdue.
    """
    # Made once: each page asks it, and building it takes three times as long as its answer.
    wanted: dict[str, Any] = {"now": now, "member_id": member_id}
    if workshop_ids is not None and not workshop_ids and not sees_all_objections:
        return DeskCounts(0, 0, _OWN_OVERDUE.one_or_none(session.connection(), wanted).overdue)
    if workshop_ids:
        statement = _desk_of_workshops(sees_all_objections=sees_all_objections)
        found = session.connection().execute(statement, {**wanted, "workshop_ids": list(workshop_ids)}).one()
    else:
        counted = _prepared_desk(is_of_all=workshop_ids is None, sees_all_objections=sees_all_objections)
        found = counted.one_or_none(session.connection(), wanted)
    return DeskCounts(*found)


@cache
def _prepared_desk(*, is_of_all: bool, sees_all_objections: bool) -> PreparedStatement:
    """Return the statement for a login that decides on all workshops, or on none."""
    return PreparedStatement(_desk_statement(true() if is_of_all else false(), sees_all_objections=sees_all_objections))


@cache
def _desk_of_workshops(*, sees_all_objections: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement for the manager of some workshops."""
    decides = Machine.workshop_id.in_(bindparam("workshop_ids", expanding=True))
    return _desk_statement(decides, sees_all_objections=sees_all_objections)


def _desk_statement(decides: ColumnElement[bool], *, sees_all_objections: bool) -> Select[*tuple[Any, ...]]:
    now = bindparam("now", type_=UtcDateTime)
    requests = (
        _counted(Reservation.id)
        .join(Machine, Machine.id == Reservation.machine_id)
        .where(Reservation.status == Status.REQUESTED, Reservation.decide_until > now, decides)
    )
    answers = true() if sees_all_objections else decides
    # Not the column itself: from its machines, SQLite would walk through all slips of a workshop.
    of_slip = Machine.id == UsageRecord.machine_id + literal_column("0")
    objections = _counted(UsageRecord.id).join(Machine, of_slip).where(IS_DISPUTED, answers)
    overdue = (
        _counted(Reservation.id)
        .join(Machine, Machine.id == Reservation.machine_id)
        .where(Reservation.status == Status.IN_USE, Reservation.ends_at < now)
        .where(or_(decides, Reservation.member_id == bindparam("member_id", type_=Integer)))
    )
    counted = (requests, objections, overdue, swaps_to_decide(decides))
    return select(*(one.scalar_subquery() for one in counted))


def _counted(column: InstrumentedAttribute[int]) -> Select[tuple[int]]:
    return select(func.count(column))


def own_overdue(member_id: ColumnElement[Any]) -> Select[int]:
    """Return the statement, with the parameter `now`, for how many machines a member has not brought back in time.

    The status is written out: as a parameter PostgreSQL would take it for any, and plan the statement each time.
    """
    return select(func.count().label("overdue")).where(
        Reservation.member_id == member_id,
        Reservation.status == literal_column(f"'{Status.IN_USE}'"),
        Reservation.ends_at < bindparam("now", type_=UtcDateTime),
    )


# Of whoever decides on nothing. The statement of the others finds the same, but PostgreSQL plans it each time: 0.7 ms.
_OWN_OVERDUE = PreparedStatement(own_overdue(bindparam("member_id", type_=Integer)))


def _waiting(
    workshop_ids: Collection[int] | None, now: datetime, workshop_slug: str, machine_slug: str
) -> Select[*tuple[Any, ...]]:
    statement = views().where(Reservation.status == Status.REQUESTED, Reservation.decide_until > now)
    if workshop_ids is not None:
        statement = statement.where(Machine.workshop_id.in_(workshop_ids))
    if workshop_slug:
        of_slug = select(Workshop.id).where(Workshop.slug == workshop_slug)
        statement = statement.where(Machine.workshop_id.in_(of_slug))
    if machine_slug:
        statement = statement.where(Machine.slug == machine_slug)
    return statement


def _histories(session: Session, member_ids: Collection[int], since: datetime) -> dict[int, MemberHistory]:
    rows = session.execute(
        select(
            Reservation.member_id,
            func.count().filter(Reservation.status == Status.COMPLETED),
            func.count().filter(Reservation.status == Status.NO_SHOW),
            func.count().filter(Reservation.is_late_cancel),
        )
        .where(Reservation.member_id.in_(member_ids), Reservation.starts_at > since)
        .group_by(Reservation.member_id)
    )
    return {member_id: MemberHistory(*counts) for member_id, *counts in rows}


def _inductions(session: Session, found: Collection[ReservationView]) -> dict[int, tuple[str | None, date | None]]:
    rows = session.execute(
        select(Machine.id, InductionKind.id, InductionKind.name)
        .join(InductionKind, InductionKind.id == Machine.induction_kind_id)
        .where(Machine.id.in_({one.machine_id for one in found}))
    )
    kinds = {machine_id: (kind_id, name) for machine_id, kind_id, name in rows}
    concerned = [one for one in found if one.machine_id in kinds]
    if not concerned:
        return {}
    eligible = members.eligibilities(session, {one.member_id for one in concerned})
    inductions: dict[int, tuple[str | None, date | None]] = {}
    for one in concerned:
        kind_id, name = kinds[one.machine_id]
        first_day = local_day(one.starts_at, one.zone)
        inductions[one.id] = (name, eligible.of(one.member_id, kind_id).valid_until(first_day))
    return inductions
