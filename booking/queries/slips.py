"""Usage slips as members and managers read them, with all their notes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from booking.errors import NotFound
from booking.kernel.views import columns_of, converted
from booking.models import Machine, Member, Reservation, UsageRecord, Workshop

# The member objects and no manager has answered yet.
IS_DISPUTED = and_(UsageRecord.objected_at.is_not(None), UsageRecord.answered_at.is_(None))


@dataclass(frozen=True, slots=True)
class SlipView:
    """A usage slip. Amounts and readings in small units of charge_unit; None: not known, or still out.

    service_date, price_class and objection_until are of the day of the use, see slip_facts.py.
    """

    id: int
    reservation_id: int | None
    machine_id: int
    machine_slug: str
    machine_name: str
    workshop_id: int
    workshop_name: str
    zone: ZoneInfo
    member_id: int
    member_name: str
    service_date: date
    price_class: str
    charge_unit: str
    places: int
    purpose: str | None
    handed_out_at: datetime
    handed_back_at: datetime | None
    reading_before: int | None
    reading_after: int | None
    booked_amount: int | None
    used_amount: int | None
    note_before: str
    note_after: str
    photo_before_id: int | None
    photo_after_id: int | None
    objection_until: datetime | None
    objected_at: datetime | None
    objection: str
    answered_at: datetime | None
    answer: str
    revision: int

    def state(self) -> str:
        """Return out, back, disputed or answered. Whether the member may still object depends on the time."""
        if self.handed_back_at is None:
            return "out"
        if self.objected_at is None:
            return "back"
        return "disputed" if self.answered_at is None else "answered"


_SLIPS = (
    select(
        *columns_of(
            SlipView,
            UsageRecord,
            machine_slug=Machine.slug,
            machine_name=Machine.name,
            workshop_id=Machine.workshop_id,
            workshop_name=Workshop.name,
            zone=converted(Workshop.timezone, ZoneInfo),
            member_name=Member.name,
            purpose=Reservation.purpose,
        )
    )
    .join(Machine, Machine.id == UsageRecord.machine_id)
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .join(Member, Member.id == UsageRecord.member_id)
    .outerjoin(Reservation, Reservation.id == UsageRecord.reservation_id)
)


def slip(session: Session, usage_id: int) -> SlipView:
    """Return one slip. Raises NotFound."""
    return _one(session, UsageRecord.id == usage_id, usage_id)


def slip_of_reservation(session: Session, reservation_id: int) -> SlipView:
    """Return the slip of a reservation. Raises NotFound where the machine was not handed out."""
    return _one(session, UsageRecord.reservation_id == reservation_id, reservation_id)


def slips(
    session: Session,
    *,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    machine_id: int | None = None,
    only_disputed: bool = False,
    limit: int = 25,
    offset: int = 0,
) -> tuple[SlipView, ...]:
    """Slips, the newest first. member_id and workshop_ids together mean either; an empty collection matches none."""
    wanted: list[ColumnElement[bool]] = []
    either = []
    if member_id is not None:
        either.append(UsageRecord.member_id == member_id)
    if workshop_ids is not None:
        either.append(Machine.workshop_id.in_(workshop_ids))
    if either:
        wanted.append(or_(*either))
    if machine_id is not None:
        wanted.append(UsageRecord.machine_id == machine_id)
    if only_disputed:
        wanted.append(IS_DISPUTED)
    rows = session.execute(
        _SLIPS.where(*wanted)
        .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(SlipView(*row) for row in rows)


def _one(session: Session, is_wanted: ColumnElement[bool], named: int) -> SlipView:
    row = session.execute(_SLIPS.where(is_wanted)).one_or_none()
    if row is None:
        raise NotFound(id=named)
    return SlipView(*row)
