"""Damage reports, for the managers of a machine and for who made them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.kernel.views import columns_of, converted
from booking.models import DamageReport, Machine, Member, Workshop


@dataclass(frozen=True, slots=True)
class DamageView:
    """What somebody reported about a machine. member_name: "" for a login without a member; done_at: None while open.

    reported_by: user id.
    """

    id: int
    machine_id: int
    machine_slug: str
    machine_name: str
    machine_sort: str
    workshop_id: int
    zone: ZoneInfo
    member_id: int | None
    member_name: str
    reported_by: int
    reported_at: datetime
    text: str
    photo_id: int | None
    done_at: datetime | None

    @property
    def has_photo(self) -> bool:
        """Whether a photo was sent with it."""
        return self.photo_id is not None


def damage_report(session: Session, damage_id: int) -> DamageView:
    """Return one report. Raises NotFound."""
    row = session.execute(_reports().where(DamageReport.id == damage_id)).one_or_none()
    if row is None:
        raise NotFound(id=damage_id)
    return DamageView(*row)


def damage_reports(
    session: Session,
    *,
    workshop_ids: Collection[int] | None = None,
    machine_id: int | None = None,
    only_open: bool = False,
    before_id: int | None = None,
    limit: int = 25,
    offset: int = 0,
) -> tuple[DamageView, ...]:
    """Return reports, the newest first. An empty collection of workshops matches nothing.

    before_id: only those that were made before this one.
    """
    wanted: list[ColumnElement[bool]] = []
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if machine_id is not None:
        wanted.append(DamageReport.machine_id == machine_id)
    if only_open:
        wanted.append(DamageReport.done_at.is_(None))
    if before_id is not None:
        wanted.append(DamageReport.id < before_id)
    newest_first = _reports().where(*wanted).order_by(DamageReport.id.desc())
    return tuple(DamageView(*row) for row in session.execute(newest_first.limit(limit).offset(offset)))


_COLUMNS = columns_of(
    DamageView,
    DamageReport,
    machine_slug=Machine.slug,
    machine_name=Machine.name,
    machine_sort=Machine.sort,
    workshop_id=Machine.workshop_id,
    zone=converted(Workshop.timezone, ZoneInfo),
    member_name=func.coalesce(Member.name, ""),
)


def _reports() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Machine, Machine.id == DamageReport.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .outerjoin(Member, Member.id == DamageReport.member_id)
    )
