"""Which reservations a closed machine affects: those in the span of the closure, and those soon after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, or_, select
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.models import HOLDING, Blocking, ClosureDate, Occupancy, Replanned, ReplanTold, Reservation, Status
from booking.places import held_spans
from booking.replan.plan import Outcome
from booking.reservations.wishes import Wish
from booking.rules.persons import Person
from booking.timespan import TimeSpan

AT_RISK = timedelta(days=28)  # after the repair; what is later is not affected yet
AT_RISK_MAX = 400

_reservation, _replanned, _told = map(table_of, (Reservation, Replanned, ReplanTold))
_COLUMNS = [
    _reservation.c[name]
    for name in (
        "id",
        "revision",
        "member_id",
        "machine_id",
        "starts_at",
        "ends_at",
        "places",
        "status",
        "may_move_min",
        "accepted_at",
        "asked_at",
        "former_starts_at",
        "second_person",
        "second_user_id",
        "choices",
    )
]
_HELD = held_spans.holding(Occupancy.hold_id).subquery()


@dataclass(frozen=True, slots=True)
class Affected:
    """A reservation of a closed machine. outcome: where it is certain without a search, else None.

    is_told: its member was told before that nothing was found, or that it is at risk.
    offered: what an earlier plan proposed. is_held: it is held until its member answers.
    """

    id: int
    revision: int
    wish: Wish
    outcome: Outcome | None
    is_told: bool = False
    offered: Wish | None = None
    is_held: bool = False


def in_span(session: Session, closure: Blocking, now: datetime) -> list[Affected]:
    """Return the reservations in what is left of the span of a closure, in the order of time.

    Without those that a manager decided to leave as they are since the closure was entered.
    """
    span = TimeSpan(max(closure.starts_at, now), closure.ends_at)
    statement = (
        select(
            *_COLUMNS,
            _replanned.c.to_machine_id,
            _replanned.c.to_starts_at,
            _replanned.c.to_ends_at,
            _replanned.c.hold_id,
            _is_told(Outcome.NONE, _told.c.blocking_id == closure.id).label("is_told"),
        )
        .outerjoin(_replanned, _is_offer_of(closure.id))
        .where(_reservation.c.id.in_(select(_HELD.c.hold_id)), _reservation.c.status.in_(HOLDING))
        .order_by(_reservation.c.starts_at, _reservation.c.id)
    )
    rows = session.execute(statement, held_spans.during([closure.machine_id], span))
    return [_affected(row, now) for row in rows if not _is_kept(row, closure)]


def at_risk(session: Session, closure: Blocking, excluding: Sequence[int]) -> list[Affected]:
    """Return the reservations that begin after the repair, and so depend on it.

    Of closures that repeat, a member hears once, not because of each.
    """
    rule = select(ClosureDate.series_id).where(ClosureDate.blocking_id == closure.id).scalar_subquery()
    of_rule = select(ClosureDate.blocking_id).where(ClosureDate.series_id == rule)
    because = or_(_told.c.blocking_id == closure.id, _told.c.blocking_id.in_(of_rule))
    statement = (
        select(*_COLUMNS, _is_told(Outcome.AT_RISK, because).label("is_told"))
        .where(
            _reservation.c.machine_id == closure.machine_id,
            _reservation.c.starts_at >= closure.ends_at,
            _reservation.c.starts_at < closure.ends_at + AT_RISK,
            _reservation.c.status.in_((Status.REQUESTED, Status.CONFIRMED)),
            _reservation.c.id.not_in(excluding),
        )
        .order_by(_reservation.c.starts_at, _reservation.c.id)
        .limit(AT_RISK_MAX)
    )
    return [
        Affected(row.id, row.revision, _wish(row), Outcome.AT_RISK, row.is_told) for row in session.execute(statement)
    ]


def _is_offer_of(closure_id: int) -> Any:
    """Return the condition of a proposal that still stands: the reservation is where it was made for."""
    return (
        (_replanned.c.reservation_id == _reservation.c.id)
        & (_replanned.c.blocking_id == closure_id)
        & (_replanned.c.kind == "offered")
        & (_replanned.c.from_starts_at == _reservation.c.starts_at)
        & (_replanned.c.from_machine_id == _reservation.c.machine_id)
    )


def _is_told(outcome: Outcome, because: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether the member of a reservation heard of an outcome because of a closure."""
    is_same = or_(_told.c.told_as.is_(None), _told.c.told_as == outcome.value)
    return exists().where(_told.c.reservation_id == _reservation.c.id, because, is_same)


def _is_kept(row: Row[*tuple[Any, ...]], closure: Blocking) -> bool:
    return row.accepted_at is not None and row.accepted_at >= max(closure.created_at, row.asked_at)


def _affected(row: Row[*tuple[Any, ...]], now: datetime) -> Affected:
    outcome = None
    if row.status == Status.IN_USE or row.starts_at <= now:
        outcome = Outcome.RUNNING
    elif row.former_starts_at is not None:
        outcome = Outcome.WAITS
    offered = None
    if outcome is None and row.to_machine_id is not None:
        span = TimeSpan(row.to_starts_at, row.to_ends_at)
        offered = replace(_wish(row), machine_id=row.to_machine_id, span=span)
    is_held = offered is not None and row.hold_id is not None
    return Affected(row.id, row.revision, _wish(row), outcome, row.is_told, offered, is_held)


def _wish(row: Row[*tuple[Any, ...]]) -> Wish:
    span = TimeSpan(row.starts_at, row.ends_at)
    second = Person(row.second_person, row.second_user_id)
    asked = row.places, "", row.may_move_min, second
    return Wish(row.machine_id, row.member_id, span, *asked, choices=row.choices)
