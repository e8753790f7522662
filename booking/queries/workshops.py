"""Workshops with their opening hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.addresses import Address
from booking.errors.schedule_errors import NotFound
from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import columns_of, converted
from booking.models import OpeningHours, Workshop
from booking.times.opening_hours import Opening


@dataclass(frozen=True, slots=True)
class WorkshopView:
    """A place with machines, and when it is open."""

    id: int
    slug: str
    name: str
    address: Address
    phone: str
    zone: ZoneInfo
    holidays_region: str
    is_closed_on_holidays: bool
    revision: int
    openings: tuple[Opening, ...] = ()


_COLUMNS = columns_of(WorkshopView, Workshop, zone=converted(Workshop.timezone, ZoneInfo), openings=None)
_WORKSHOPS = select(*_COLUMNS).order_by(Workshop.name, Workshop.id)
_OPENINGS = select(
    OpeningHours.workshop_id, OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute
).order_by(OpeningHours.workshop_id, OpeningHours.weekday, OpeningHours.opens_minute)
_ALL_OPENINGS = PreparedStatement(_OPENINGS)


def workshops(session: Session) -> tuple[WorkshopView, ...]:
    """Return all workshops by name, with their opening hours."""
    openings = openings_of(session)
    return tuple(_view(row, openings) for row in session.execute(_WORKSHOPS))


def workshop(session: Session, slug_or_id: str | int) -> WorkshopView:
    """Return one workshop with its opening hours. Raises NotFound."""
    is_wanted = Workshop.id == slug_or_id if isinstance(slug_or_id, int) else Workshop.slug == slug_or_id
    row = session.execute(select(*_COLUMNS).where(is_wanted)).one_or_none()
    if row is None:
        raise NotFound(id=slug_or_id)
    return _view(row, openings_of(session, row.id))


def openings_of(session: Session, workshop_id: int | None = None) -> dict[int, list[Opening]]:
    """Return the openings by workshop id, in order of the week; of all workshops, or of one."""
    if workshop_id is None:
        rows = _ALL_OPENINGS.of(session)
    else:
        rows = session.execute(_OPENINGS.where(OpeningHours.workshop_id == workshop_id)).all()
    found: dict[int, list[Opening]] = {}
    for owner_id, weekday, opens, closes in rows:
        found.setdefault(owner_id, []).append((weekday, opens, closes))
    return found


def _view(row: Any, openings: dict[int, list[Opening]]) -> WorkshopView:
    values = (*row, tuple(openings.get(row.id, ())))
    return WorkshopView(*values)
