"""What the manager's pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.deputies import Deputy, deputies_of
from app.pages.workshop.hours import week_lines
from booking import queries
from booking.queries import ClosureView, DamageView, MachineCard, MachineChoice, WorkshopView

DAMAGE_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Place:
    """A workshop with its machines, closures and hours, as (days, times).

    undecided: how many reservations wait for a decision, by id of the closure.
    """

    workshop: WorkshopView
    machines: tuple[MachineCard, ...]
    closures: tuple[ClosureView, ...]
    hours: tuple[tuple[str, str], ...]
    undecided: Mapping[int, int]
    damage: tuple[DamageView, ...]
    deputies: tuple[Deputy, ...]


def desk(session: Session, *, now: datetime) -> tuple[Place, ...]:
    """Return the workshops one manages; for an administrator all."""
    found = queries.machine_cards(session, workshop_ids=my_workshop_ids(), include_retired=True, limit=None)
    cards = found.items
    closed = queries.closures(session, now=now, workshop_ids=my_workshop_ids())
    undecided = queries.undecided_counts(session, closed, now=now)
    damage = queries.damage_reports(session, workshop_ids=my_workshop_ids(), only_open=True, limit=DAMAGE_SHOWN)
    deputies = deputies_of(session, my_workshop_ids(), now=now)
    return tuple(
        Place(
            workshop=place,
            machines=tuple(card for card in cards if card.workshop_id == place.id),
            closures=tuple(closure for closure in closed if closure.workshop_id == place.id),
            hours=tuple(week_lines(place.openings)),
            undecided=undecided,
            damage=tuple(report for report in damage if report.workshop_id == place.id),
            deputies=tuple(deputy for deputy in deputies if deputy.workshop_id == place.id),
        )
        for place in queries.workshops(session)
        if _is_mine(place.id)
    )


def choices_of_machines(session: Session) -> tuple[MachineChoice, ...]:
    """Return the machines of the workshops one manages, to choose from."""
    return queries.machine_choices(session, workshop_ids=my_workshop_ids())


def my_workshop_ids() -> frozenset[int] | None:
    """Return the ids of the workshops one manages; None for an administrator, who manages all."""
    return None if current_user.is_admin else current_user.managed_workshop_ids


def _is_mine(workshop_id: int) -> bool:
    return permissions.may_touch("workshop.edit", workshop_id=workshop_id)
