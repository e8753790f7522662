"""Reservations: one, a list by filters, or those of a member a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, or_, select, true, union
from sqlalchemy.orm import Session

from booking.errors import ReservationNotFound
from booking.kernel.orm import UtcDateTime
from booking.models import HOLDING, Machine, Reservation, Status
from booking.queries.reservation_views import (
    Cursor,
    ReservationView,
    all_views,
    comes_after,
    comes_before,
    view,
    views,
)

# No machine is lent longer (see booking_machine), so a search for overlaps need not look further back.
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class VisibilityScope:
    """Whose reservations a login may see in full: a member's own, those of some workshops, or all."""

    is_everybody: bool = False
    member_id: int | None = None
    workshop_ids: Collection[int] = ()


EVERYBODY = VisibilityScope(is_everybody=True)

_is_mine = Reservation.member_id == bindparam("member_id")
_IS_LISTED = Reservation.import_undone_at.is_(None)  # what an undone import entered was never reserved
_now = bindparam("now", type_=UtcDateTime)
_is_to_come = and_(Reservation.status.in_(HOLDING), Reservation.ends_at > _now)


def reservation(session: Session, reservation_id: int) -> ReservationView:
    """Return one reservation, whatever its status. Raises ReservationNotFound."""
    return _one(session, Reservation.id == reservation_id, reservation_id)


def reservation_by_uid(session: Session, uid: str) -> ReservationView:
    """Return one reservation by the uid that calendars have. Raises ReservationNotFound."""
    return _one(session, Reservation.uid == uid, uid)


def reservations(
    session: Session,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    statuses: Collection[str] | None = None,
    scope: VisibilityScope = EVERYBODY,
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[ReservationView, ...]:
    """Return reservations by filters, in order of their start; `after`: the cursor of the last one of the page before.

    since, until: those that overlap this time, while a move waits also by the time that is confirmed. An empty
    collection of workshops or statuses matches nothing.
    scope: a reservation outside of it is found only while it holds its machine, and never by its member or status,
    which would disclose more.
    """
    wanted: list[ColumnElement[bool]] = [_IS_LISTED]
    if machine_id is not None:
        wanted.append(Reservation.machine_id == machine_id)
    if member_id is not None:
        wanted.append(Reservation.member_id == member_id)
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if statuses is not None:
        wanted.append(Reservation.status.in_([str(status) for status in statuses]))
    wanted.append(_is_known(scope, to_all=member_id is None and statuses is None))
    if after is not None:
        wanted.append(comes_after(after))
    if since is not None or until is not None:
        wanted = _in_time(wanted, since, until, limit)
    statement = views().where(*wanted).order_by(Reservation.starts_at, Reservation.id)
    return all_views(session, statement.limit(limit))


def reservations_of_member(
    session: Session,
    member_id: int,
    *,
    upcoming: bool,
    now: datetime,
    limit: int = 20,
    after: Cursor | None = None,
) -> tuple[ReservationView, ...]:
    """Return a member's own reservations, a page at a time; `after`: the cursor of the last one shown.

    upcoming: those that still hold a span which has not ended, or whose machine is out, soonest first.
    Otherwise all the rest, latest first: ended, cancelled, declined, expired.
    """
    if after is None:
        statement = _SOONEST if upcoming else _LATEST
    else:
        statement = _soonest(comes_after(after)) if upcoming else _latest(comes_before(after))
    return all_views(session, statement, {"member_id": member_id, "now": now, "limit": limit})


def reservations_holding(
    session: Session, machine_id: int, *, now: datetime, limit: int
) -> tuple[ReservationView, ...]:
    """Return the reservations for which a machine cannot be retired, soonest first: to come, or out."""
    return all_views(
        session,
        views()
        .where(
            Reservation.machine_id == machine_id,
            Reservation.status.in_(HOLDING),
            or_(Reservation.ends_at > now, Reservation.status == Status.IN_USE),
        )
        .order_by(Reservation.starts_at, Reservation.id)
        .limit(limit),
    )


def _in_time(
    wanted: Sequence[ColumnElement[bool]], since: datetime | None, until: datetime | None, limit: int
) -> list[ColumnElement[bool]]:
    """Return conditions for those of the wanted that overlap a time.

    By the ids of two subqueries, each a range of an index: the first ones by their present time, and all that wait for
    a move by the time that is confirmed, which are few. The rest as a case, which no index can answer.
    """
    present = select(Reservation.id).join(Machine).where(*wanted, *_overlap(since, until))
    present = present.order_by(Reservation.starts_at, Reservation.id).limit(limit)
    former = select(Reservation.id).where(*_overlap_of_former(since, until))
    is_in_time = Reservation.id.in_(union(select(present.subquery().c.id), former))
    return [is_in_time, case((and_(*wanted), 1), else_=0) == 1]


def _overlap(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield Reservation.ends_at > since
        yield Reservation.starts_at > since - LONGEST
    if until is not None:
        yield Reservation.starts_at < until


def _overlap_of_former(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    yield Reservation.former_starts_at.is_not(None)
    if since is not None:
        yield Reservation.former_ends_at > since
    if until is not None:
        yield Reservation.former_starts_at < until


def _is_known(scope: VisibilityScope, *, to_all: bool) -> ColumnElement[bool]:
    if scope.is_everybody:
        return true()
    known: list[ColumnElement[bool]] = [Machine.workshop_id.in_(scope.workshop_ids)]
    if scope.member_id is not None:
        known.append(Reservation.member_id == scope.member_id)
    if to_all:
        known.append(Reservation.status.in_([str(status) for status in HOLDING]))
    return or_(*known)


def _one(session: Session, is_wanted: ColumnElement[bool], name: int | str) -> ReservationView:
    row = session.execute(views().where(is_wanted)).one_or_none()
    if row is None:
        raise ReservationNotFound(id=name)
    return view(row)


def _soonest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the statement for what is to come, soonest first; beyond: conditions on where the page begins.

    Three subqueries, each a range of an index: the next ones up to the limit, what is on now, what is out now. A single
    condition would read and sort everything reserved ahead to show five of it.
    """
    mine = select(Reservation.id).where(_is_mine)
    later = mine.where(Reservation.status.in_(HOLDING), Reservation.starts_at > _now, *beyond)
    later = later.order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))
    # As a case, which no index can answer: by the index on the start, the whole past would be searched.
    on_now = mine.where(_is_to_come, case((Reservation.starts_at <= _now, 1), else_=0) == 1)
    out = mine.where(Reservation.status == Status.IN_USE)
    wanted = Reservation.id.in_(union(select(later.subquery().c.id), on_now, out))
    return views().where(wanted, *beyond).order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))


def _latest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    is_past = and_(_is_mine, ~_is_to_come, Reservation.status != Status.IN_USE, _IS_LISTED)
    latest_first = (Reservation.starts_at.desc(), Reservation.id.desc())
    return views().where(is_past, *beyond).order_by(*latest_first).limit(bindparam("limit"))


# Built once: the first page of each member uses one of them.
_SOONEST, _LATEST = _soonest(), _latest()
