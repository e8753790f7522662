"""Reservations that lie outside new opening hours or rules, for the manager's desk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.models import Machine, Reservation
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.records import catalogue
from booking.reservations.judged_reservations import judged
from booking.rule_changes.outside import IS_OUTSIDE, OutsideMark, violations_of_many


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


def outside_marks(
    session: Session, workshop_ids: Collection[int] | None, *, now: datetime, locks: bool = False
) -> list[OutsideMark]:
    """Return their marks in order of time, all at one moment. workshop_ids: None for all; an empty one for none.

    locks: keep them as they are until the commit, locked in the order of their ids.
    """
    columns = Reservation.id, Reservation.outside_rules_since, Reservation.revision, Reservation.starts_at
    statement = _outside(workshop_ids, now).with_only_columns(*columns, maintain_column_froms=True)
    statement = statement.order_by(Reservation.id)
    found = session.execute(statement.with_for_update(of=Reservation) if locks else statement)
    in_time = sorted(found, key=lambda row: (row.starts_at, row.id))
    return [OutsideMark(row.id, row.outside_rules_since, row.revision) for row in in_time]


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
