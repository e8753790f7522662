"""Small master records: pictures, kinds of induction, inductions of members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import Induction, InductionKind, Member, Photo, Ring


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class InductionView:
    """A member may run a class of machines, from a day to another, both included."""

    id: int
    member_id: int
    member_name: str
    kind_id: int
    kind: str
    given_on: date
    valid_until: date
    given_by: str


def photo(session: Session, photo_id: int | None) -> Picture | None:
    """Return a picture by its id; None without one."""
    row = session.execute(select(*columns_of(Picture, Photo)).where(Photo.id == photo_id)).one_or_none()
    return Picture(*row) if row else None


def ring_zone(session: Session) -> ZoneInfo:
    """Return the ring's own time zone: for days that belong to no workshop."""
    return ZoneInfo(session.scalar(select(Ring.timezone)) or "UTC")


def induction_kinds(session: Session) -> tuple[tuple[int, str], ...]:
    """Return the kinds of induction as (id, name), by name."""
    rows = session.execute(select(InductionKind.id, InductionKind.name).order_by(InductionKind.name))
    return tuple((kind_id, name) for kind_id, name in rows)


def inductions(
    session: Session, *, member_id: int | None = None, kind_id: int | None = None, limit: int = 50, offset: int = 0
) -> tuple[InductionView, ...]:
    """Inductions, those that end first at the top."""
    statement = (
        select(*columns_of(InductionView, Induction, member_name=Member.name, kind=InductionKind.name))
        .join(Member, Member.id == Induction.member_id)
        .join(InductionKind, InductionKind.id == Induction.kind_id)
        .order_by(Induction.valid_until, Induction.id)
        .limit(limit)
        .offset(offset)
    )
    if member_id is not None:
        statement = statement.where(Induction.member_id == member_id)
    if kind_id is not None:
        statement = statement.where(Induction.kind_id == kind_id)
    return tuple(InductionView(*row) for row in session.execute(statement))
