"""What a member has before it and behind it: the own reservations, a page at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, select, union
from sqlalchemy.orm import Session

from booking.kernel.orm import UtcDateTime
from booking.models import HOLDING, Reservation, Status
from booking.queries.reservation_views import Cursor, ReservationView, all_views, stands_after, stands_before, views

_is_mine = Reservation.member_id == bindparam("member_id")
_now = bindparam("now", type_=UtcDateTime)
_is_to_come = and_(Reservation.status.in_(HOLDING), Reservation.ends_at > _now)


def reservations_of_member(
    session: Session,
    member_id: int,
    *,
    upcoming: bool,
    now: datetime,
    limit: int = 20,
    after: Cursor | None = None,
) -> tuple[ReservationView, ...]:
    """A member's own reservations, a page at a time; `after`: the cursor of the last one shown.

    upcoming: those that still hold a span which has not ended, or whose machine is out, soonest first.
    Otherwise all the rest, latest first: ended, cancelled, declined, expired.
    """
    if after is None:
        statement = _SOONEST if upcoming else _LATEST
    else:
        statement = _soonest(stands_after(after)) if upcoming else _latest(stands_before(after))
    return all_views(session, statement, {"member_id": member_id, "now": now, "limit": limit})


def _soonest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What a member has before it, soonest first; beyond: conditions on where the page begins.

    Three questions, each a piece of an index: so many as are shown of what begins later, and what is on or out now.
    One question would read and sort all that was ever reserved ahead, to show five of it.
    """
    mine = select(Reservation.id).where(_is_mine)
    later = mine.where(Reservation.status.in_(HOLDING), Reservation.starts_at > _now, *beyond)
    later = later.order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))
    # As a case, which no index answers: read by the start, what is on now would be looked for in the whole past.
    on_now = mine.where(_is_to_come, case((Reservation.starts_at <= _now, 1), else_=0) == 1)
    out = mine.where(Reservation.status == Status.IN_USE)
    wanted = Reservation.id.in_(union(select(later.subquery().c.id), on_now, out))
    return views().where(wanted, *beyond).order_by(Reservation.starts_at, Reservation.id).limit(bindparam("limit"))


def _latest(*beyond: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    is_past = and_(_is_mine, ~_is_to_come, Reservation.status != Status.IN_USE)
    latest_first = (Reservation.starts_at.desc(), Reservation.id.desc())
    return views().where(is_past, *beyond).order_by(*latest_first).limit(bindparam("limit"))


# Put together once: every member's first page asks one of them.
_SOONEST, _LATEST = _soonest(), _latest()
