"""Small master records: pictures, the zone of the ring."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import Machine, Photo, Ring
from booking.times.wall_clock import USUAL_ZONE


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture."""

    content: bytes
    media_type: str
    thumb: bytes | None = None
    card: bytes | None = None


def photo(session: Session, photo_id: int | None) -> Picture | None:
    """Return a picture by its id; None without one."""
    row = session.execute(select(*columns_of(Picture, Photo)).where(Photo.id == photo_id)).one_or_none()
    return Picture(*row) if row else None


def photos_without_small(session: Session, *, limit: int) -> tuple[int, ...]:
    """Return ids of pictures of machines that have not both small ones yet."""
    lacks_one = or_(Photo.thumb.is_(None), Photo.card.is_(None))
    return tuple(
        session.scalars(select(Photo.id).join(Machine, Machine.photo_id == Photo.id).where(lacks_one).limit(limit))
    )


def photo_ids(session: Session) -> dict[str, int]:
    """Return slug -> id of the picture, of the machines that have one, those still in use and the oldest first."""
    rows = session.execute(
        select(Machine.slug, Machine.photo_id)
        .where(Machine.photo_id.is_not(None))
        .order_by(Machine.retired_at.is_not(None), Machine.id)
    )
    return {slug: photo_id for slug, photo_id in rows if photo_id is not None}


def ring_zone(session: Session) -> ZoneInfo:
    """Return the ring's own time zone: for days that belong to no workshop."""
    return ZoneInfo(session.scalar(select(Ring.timezone)) or USUAL_ZONE)
