"""Announcements, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import columns_of
from booking.models import Announcement, Workshop


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """A note of a manager or an administrator. workshop_id: None, and workshop_name "", for the whole ring.

    announced_by: user id.
    """

    id: int
    workshop_id: int | None
    workshop_name: str
    text: str
    last_day: date
    announced_at: datetime
    announced_by: int | None
    withdrawn_at: datetime | None


def announcement(session: Session, announcement_id: int) -> AnnouncementView:
    """Return one announcement, also one that is over. Raises NotFound."""
    row = session.execute(_announcements().where(Announcement.id == announcement_id)).one_or_none()
    if row is None:
        raise NotFound(id=announcement_id)
    return AnnouncementView(*row)


def announcements(
    session: Session, today: date, *, before_id: int | None = None, limit: int = 25, offset: int = 0
) -> tuple[AnnouncementView, ...]:
    """Return the announcements that hold on a day of the ring, the newest first. before_id: only older ones."""
    values = {"today": today, "limit": limit, "offset": offset}
    if before_id is None:
        rows = _NEWEST.of(session, values)
    else:
        rows = session.execute(_HOLDING.where(Announcement.id < before_id), values).all()
    return tuple(AnnouncementView(*row) for row in rows)


def _announcements() -> Select[*tuple[Any, ...]]:
    columns = columns_of(AnnouncementView, Announcement, workshop_name=func.coalesce(Workshop.name, ""))
    return select(*columns).outerjoin(Workshop, Workshop.id == Announcement.workshop_id)


_HOLDING = (
    _announcements()
    .where(Announcement.last_day >= bindparam("today"), Announcement.withdrawn_at.is_(None))
    .order_by(Announcement.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_NEWEST = PreparedStatement(_HOLDING)  # each /today asks for them
