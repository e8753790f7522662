"""Reservations: one, a list by filters, or those of a member a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, bindparam, case, false, or_, select, true, union_all
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationNotFound
from booking.kernel.orm import UtcDateTime
from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import first_of_each, without_index
from booking.models import HOLDING, IS_HOLDING, IS_LONG, Machine, Reservation, Status
from booking.queries.reservation_views import (
    Cursor,
    ReservationView,
    all_views,
    comes_after,
    comes_before,
    view,
    views,
)
from booking.queries.workshop_ends import newest_of_workshops, oldest_of_workshops

# No machine is lent longer (see booking_machine), so a search for overlaps need not look further back.
LONGEST = timedelta(days=366)
SHORT = timedelta(days=3)  # what is longer has its own index, see IS_LONG


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
_EARLIEST_FIRST = (Reservation.starts_at.asc(), Reservation.id.asc())
_LATEST_FIRST = (Reservation.starts_at.desc(), Reservation.id.desc())
_ENDED = tuple(str(status) for status in Status if status not in HOLDING)
_IDS = select(Reservation.id).join(Machine, Machine.id == Reservation.machine_id)
_BY_ID = views().where(Reservation.id == bindparam("wanted"))
_BY_UID = views().where(Reservation.uid == bindparam("wanted"))
_is_to_come = and_(IS_HOLDING, Reservation.ends_at > _now)


def reservation(session: Session, reservation_id: int) -> ReservationView:
    """Return one reservation, whatever its status. Raises ReservationNotFound."""
    return _one(session, _BY_ID, reservation_id)


def reservation_by_uid(session: Session, uid: str) -> ReservationView:
    """Return one reservation by the uid that calendars have. Raises ReservationNotFound."""
    return _one(session, _BY_UID, uid)


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
        wanted.append(without_index(Machine.workshop_id.in_(workshop_ids)))
        wanted.append(_from_the_end(session, workshop_ids, oldest_first=False))
    if after is not None:
        wanted.append(comes_after(after))
    codes = None if statuses is None else [str(status) for status in statuses]
    is_narrow = machine_id is not None or member_id is not None
    ways = _ways(scope, codes, is_narrow=is_narrow, to_all=member_id is None and statuses is None)
    in_reach = ways if since is None else list(_by_length(ways, since, is_narrow=is_narrow))
    found = first_of_each(_IDS.where(*wanted, *_overlap(since, until)), in_reach, _EARLIEST_FIRST, limit)
    statement = views().where(Reservation.id.in_(found))
    if since is not None or until is not None:
        statement = _in_time(found, [*wanted, or_(*ways)], since, until)
    return all_views(session, statement.order_by(*_EARLIEST_FIRST).limit(limit))


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
    if not upcoming:
        return past_reservations(session, now=now, member_id=member_id, limit=limit, after=after)
    values = {"member_id": member_id, "now": now, "limit": limit}
    if after is None:
        return tuple(view(row) for row in _SOONEST.of(session, values))
    return all_views(session, _soonest(comes_after(after)), values)


def past_reservations(
    session: Session,
    *,
    now: datetime,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    oldest_first: bool = False,
    limit: int = 20,
    after: Cursor | None = None,
) -> tuple[ReservationView, ...]:
    """Return what is over of a member, of some workshops or of all, latest first; `after`: the cursor of the last one.

    since, until: those that start from one instant until before another.
    """
    wanted = [~_is_to_come, Reservation.status != Status.IN_USE, _IS_LISTED]
    wanted += [Reservation.starts_at >= since] if since is not None else []
    wanted += [Reservation.starts_at < until] if until is not None else []
    if after is not None:
        wanted.append(comes_after(after) if oldest_first else comes_before(after))
    if workshop_ids is not None:
        wanted.append(without_index(Machine.workshop_id.in_(workshop_ids)))
        wanted.append(_from_the_end(session, workshop_ids, oldest_first=oldest_first))
    if member_id is not None:
        ways = [Reservation.member_id == member_id]
    else:
        # Of what lies ahead only what was cancelled: not by a walk over all that is reserved.
        ways = [Reservation.starts_at <= now]
        ways += [and_(Reservation.status == status, Reservation.starts_at > now) for status in _ENDED]
    order = _EARLIEST_FIRST if oldest_first else _LATEST_FIRST
    found = first_of_each(_IDS.where(*wanted), ways, order, limit)
    statement = views().where(Reservation.id.in_(found)).order_by(*order).limit(limit)
    return all_views(session, statement, {"now": now})


def _from_the_end(session: Session, workshop_ids: Collection[int], *, oldest_first: bool) -> ColumnElement[bool]:
    """Return the condition by which a list begins where some workshops have anything.

    What a workshop without reservations never had would else be looked for in the whole history.
    """
    start = Reservation.starts_at
    if oldest_first:
        oldest = oldest_of_workshops(session, start, workshop_ids)
        return false() if oldest is None else start >= oldest
    newest = newest_of_workshops(session, start, workshop_ids)
    return false() if newest is None else start <= newest


def _ways(
    scope: VisibilityScope, statuses: Collection[str] | None, *, is_narrow: bool, to_all: bool
) -> list[ColumnElement[bool]]:
    """Return conditions of which one has to hold: each is answered by an index in the order of the start.

    is_narrow: one machine or member is wanted, whose index is used. to_all: what holds its machine is known to all.
    """
    in_status = true() if statuses is None else without_index(Reservation.status.in_(statuses))
    if is_narrow:
        return [and_(without_index(_is_known(scope, to_all=to_all)), in_status)]
    by_status: list[ColumnElement[bool]] = [Reservation.status == status for status in statuses or ()]
    if statuses is None:
        by_status = [true()]
    if scope.is_everybody:
        return by_status or [false()]
    ways: list[ColumnElement[bool]] = []
    if scope.member_id is not None:
        ways.append(and_(Reservation.member_id == scope.member_id, in_status))
    if scope.workshop_ids:
        at_workshop = without_index(Machine.workshop_id.in_(scope.workshop_ids))
        ways += [and_(at_workshop, status) for status in by_status]
    if to_all:
        ways += [Reservation.status == str(status) for status in HOLDING]
    return ways or [false()]


def _by_length(
    ways: Sequence[ColumnElement[bool]], since: datetime, *, is_narrow: bool
) -> Iterator[ColumnElement[bool]]:
    """Yield each condition for what began shortly before an instant, and all for what is long and began earlier.

    Else everything of a year would be read for the few that reach into the time. is_narrow: a year of one machine or
    member is read, which is not much.
    """
    for way in ways:
        yield and_(way, Reservation.starts_at > since - (LONGEST if is_narrow else SHORT))
    if not is_narrow:
        earlier = and_(Reservation.starts_at > since - LONGEST, Reservation.starts_at <= since - SHORT)
        yield and_(IS_LONG, earlier, without_index(or_(*ways)))


def _in_time(
    found: CompoundSelect[int],
    wanted: Sequence[ColumnElement[bool]],
    since: datetime | None,
    until: datetime | None,
) -> Select[*tuple[Any, ...]]:
    """Return the statement for those found by their present time, and those wanted by the time that is confirmed.

    The latter wait for a move, and are few. What is wanted as a case, which no index can answer.
    """
    former = select(Reservation.id).where(*_overlap_of_former(since, until))
    either: CompoundSelect[int] = union_all(*found.selects, former)
    return views().where(Reservation.id.in_(either), without_index(and_(*wanted)))


def _overlap(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield Reservation.ends_at > since
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


def _one(session: Session, statement: Select[*tuple[Any, ...]], name: int | str) -> ReservationView:
    row = session.execute(statement, {"wanted": name}).one_or_none()
    if row is None:
        raise ReservationNotFound(id=name)
    return view(row)


def _soonest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the statement for what is to come, soonest first; beyond: conditions on where the page begins.

    Three subqueries, each a range of an index: the next ones up to the limit, what is on now, what is out now. A single
    condition would read and sort everything reserved ahead to show five of it.
    """
    mine = select(Reservation.id).where(_is_mine)
    later = mine.where(IS_HOLDING, Reservation.starts_at > _now, *beyond)
    later = later.order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))
    # As a case, which no index can answer: by the index on the start, the whole past would be searched.
    on_now = mine.where(_is_to_come, case((Reservation.starts_at <= _now, 1), else_=0) == 1)
    out = mine.where(Reservation.status == Status.IN_USE)
    wanted = Reservation.id.in_(union_all(select(later.subquery().c.id), on_now, out))
    return views().where(wanted, *beyond).order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))


# Built once: the first page of each member uses it.
_SOONEST = PreparedStatement(_soonest())
