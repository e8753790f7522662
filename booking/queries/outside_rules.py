"""Reservations that lie outside new opening hours or rules, for the manager's desk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from booking import catalogue
from booking.errors import Violation
from booking.judged_reservations import judged
from booking.models import Machine, Reservation
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.rule_changes import IS_OUTSIDE, violations_of_many


@dataclass(frozen=True, slots=True)
class OutsideView:
    """A reservation, and the rules of use that it breaks as they are now. told_at: when the member was told."""

    reservation: ReservationView
    violations: tuple[Violation, ...]

    @property
    def told_at(self) -> datetime | None:
        """When the member was told that it lies outside the rules; None where not since it does."""
        told_at, since = self.reservation.outside_told_at, self.reservation.outside_rules_since
        return told_at if told_at is not None and since is not None and told_at >= since else None


def outside_count(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> int:
    """Return how many reservations lie outside the rules and were not moved, cancelled or accepted."""
    counted = _outside(workshop_ids, now).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0


def outside_rules(
    session: Session, workshop_ids: Collection[int] | None, *, now: datetime, limit: int = 25, offset: int = 0
) -> tuple[OutsideView, ...]:
    """Return them in order of time. workshop_ids: None for all; an empty collection matches nothing."""
    in_order = _outside(workshop_ids, now).order_by(Reservation.starts_at, Reservation.id)
    return _with_violations(session, all_views(session, in_order.limit(limit).offset(offset)))


def outside_ids(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> Sequence[int]:
    """Return their ids."""
    return session.scalars(
        _outside(workshop_ids, now).with_only_columns(Reservation.id, maintain_column_froms=True)
    ).all()


def reservations_by_id(session: Session, reservation_ids: Collection[int]) -> tuple[ReservationView, ...]:
    """Return reservations in order of time."""
    found = views().where(Reservation.id.in_(reservation_ids))
    return all_views(session, found.order_by(Reservation.starts_at, Reservation.id))


def with_violations(session: Session, reservation_ids: Collection[int]) -> tuple[OutsideView, ...]:
    """Return reservations with the rules of use that they break now, in order of time."""
    return _with_violations(session, reservations_by_id(session, reservation_ids))


def _with_violations(session: Session, found: Sequence[ReservationView]) -> tuple[OutsideView, ...]:
    machine_ids = {view.machine_id for view in found}
    policies = {
        terms.machine_id: terms.policy for terms in catalogue.terms_of_many(session, Machine.id.in_(machine_ids))
    }
    rows = judged(session, Reservation.id.in_([view.id for view in found]), Reservation.machine_id.in_(policies))
    broken = {one.reservation_id: one.violations for one in violations_of_many(session, rows, policies)}
    return tuple(OutsideView(view, broken.get(view.id, ())) for view in found)


def _outside(workshop_ids: Collection[int] | None, now: datetime) -> Select[*tuple[Any, ...]]:
    statement = views().where(Reservation.ends_at > now, *IS_OUTSIDE)
    return statement if workshop_ids is None else statement.where(Machine.workshop_id.in_(workshop_ids))
