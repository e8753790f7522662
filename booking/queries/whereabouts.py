"""Where machines are: what is still out after its time, what nobody fetched, and the no-shows reported of late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from booking.models import HOLDING, IS_CONFIRMED, IS_OUT, Machine, Reservation, Status
from booking.queries.machines import PLACES
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.queries.reservations import reservations

_IS_NO_SHOW = Reservation.status == literal_column("'no_show'")  # as in its partial index


@dataclass(frozen=True, slots=True)
class StillOut:
    """Places of a machine that should be back, of all that it has.

    due_at: until when the first of them was reserved.
    """

    machine_id: int
    places: int
    due_at: datetime
    all_places: int


def still_out(session: Session, now: datetime, *, machine_ids: Collection[int] | None = None) -> dict[int, StillOut]:
    """Return the machines that should be back, by their id; machine_ids: only of these."""
    if machine_ids is None:
        rows = session.execute(_STILL_OUT, {"now": now})
    else:
        rows = session.execute(_STILL_OUT_OF_IDS, {"now": now, "ids": list(machine_ids)})
    return {row[0]: StillOut(*row) for row in rows}


# Built once: the catalogue and each machine ask for it.
_STILL_OUT = (
    select(Machine.id, func.sum(Reservation.places), func.min(Reservation.ends_at), PLACES)
    .join(Machine, Machine.id == Reservation.machine_id)
    .where(IS_OUT, Reservation.ends_at <= bindparam("now"))
    .group_by(Machine.id)
)
_STILL_OUT_OF_IDS = _STILL_OUT.where(Reservation.machine_id.in_(bindparam("ids", expanding=True)))


def machine_out(session: Session, machine_id: int) -> tuple[ReservationView, ...]:
    """Return the reservations with which a machine or some of its places are out, the first due first."""
    statement = views().where(IS_OUT, Reservation.machine_id == machine_id)
    return all_views(session, statement.order_by(Reservation.ends_at, Reservation.id))


def reservations_holding(
    session: Session, machine_id: int, *, now: datetime, limit: int
) -> tuple[ReservationView, ...]:
    """Return the reservations for which a machine cannot be retired, soonest first: to come, or out."""
    out = machine_out(session, machine_id)
    ahead = reservations(session, machine_id=machine_id, since=now, statuses=HOLDING, limit=limit)
    found = {one.id: one for one in (*out, *ahead)}.values()
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.id)))[:limit]


def confirmed_starts(session: Session, since: datetime, until: datetime) -> Sequence[int]:
    """Return the reservations whose confirmed time begins from one instant until before another, in order of time.

    While a move waits for approval, the former time is the confirmed one.
    """
    begins = (IS_CONFIRMED, Reservation.starts_at >= since, Reservation.starts_at < until)
    former = Reservation.former_starts_at
    holds = (Reservation.status == Status.REQUESTED, former >= since, former < until)
    found = union_all(
        select(Reservation.starts_at.label("start"), Reservation.id.label("id")).where(*begins),
        select(former.label("start"), Reservation.id.label("id")).where(*holds),
    ).subquery()
    return session.scalars(select(found.c.id).order_by(found.c.start, found.c.id)).all()


def due_back(session: Session, since: datetime, until: datetime) -> Sequence[int]:
    """Return the reservations whose machine is out and whose time ended after an instant, until another."""
    ended = (IS_OUT, Reservation.ends_at > since, Reservation.ends_at <= until)
    return session.scalars(select(Reservation.id).where(*ended).order_by(Reservation.ends_at, Reservation.id)).all()


def not_fetched(
    session: Session, workshop_ids: Collection[int] | None, now: datetime, *, limit: int
) -> tuple[ReservationView, ...]:
    """Return confirmed reservations that are over and were not fetched, the latest first. workshop_ids: None is all."""
    statement = _of_workshops(views().where(IS_CONFIRMED, Reservation.ends_at <= now), workshop_ids)
    return all_views(session, statement.order_by(Reservation.ends_at.desc(), Reservation.id.desc()).limit(limit))


def not_fetched_count(session: Session, workshop_ids: Collection[int] | None, now: datetime) -> int:
    """Return how many confirmed reservations are over and were not fetched."""
    statement = _of_workshops(views().where(IS_CONFIRMED, Reservation.ends_at <= now), workshop_ids)
    return session.scalar(statement.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def no_shows(
    session: Session, workshop_ids: Collection[int] | None, since: datetime, *, limit: int
) -> tuple[ReservationView, ...]:
    """Return no-shows reported since an instant, the latest report first. workshop_ids: None is all."""
    statement = _of_workshops(views().where(_IS_NO_SHOW, Reservation.changed_at >= since), workshop_ids)
    return all_views(session, statement.order_by(Reservation.changed_at.desc(), Reservation.id.desc()).limit(limit))


def _of_workshops(
    statement: Select[*tuple[Any, ...]], workshop_ids: Collection[int] | None
) -> Select[*tuple[Any, ...]]:
    return statement if workshop_ids is None else statement.where(Machine.workshop_id.in_(workshop_ids))
