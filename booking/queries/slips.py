"""Usage slips as members and managers read them, with all their notes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
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


class SlipFilter(TypedDict, total=False):
    """Which slips a list shows; None, or what is left out, filters nothing.

    member_id, workshop_ids: whose slips may be seen; together they mean either, an empty collection matches none.
    member_text: part of the member's number or name. since, until: days of service, both included.
    """

    member_id: int | None
    workshop_ids: Collection[int] | None
    member_text: str
    machine_id: int | None
    since: date | None
    until: date | None
    only_disputed: bool


@dataclass(frozen=True, slots=True)
class SlipTotals:
    """How many slips a filter has, and charge unit -> amount used in its small unit."""

    count: int
    used: Mapping[str, int]


def slips(session: Session, *, limit: int = 25, offset: int = 0, **wanted: Unpack[SlipFilter]) -> tuple[SlipView, ...]:
    """Return a page of slips, the newest first."""
    rows = session.execute(
        _SLIPS.where(*_conditions(wanted))
        .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(SlipView(*row) for row in rows)


def slip_totals(session: Session, **wanted: Unpack[SlipFilter]) -> SlipTotals:
    """Return the sums of all slips of a filter."""
    rows = session.execute(
        _named(select(UsageRecord.charge_unit, func.count(), func.sum(UsageRecord.used_amount)))
        .where(*_conditions(wanted))
        .group_by(UsageRecord.charge_unit)
        .order_by(UsageRecord.charge_unit)
    ).all()
    return SlipTotals(sum(row[1] for row in rows), {unit: int(used or 0) for unit, _count, used in rows})


def slip_ids(**wanted: Unpack[SlipFilter]) -> Select[*tuple[Any, ...]]:
    """Return the statement of the ids of all slips of a filter, for sums over other tables."""
    return _named(select(UsageRecord.id)).where(*_conditions(wanted))


def days_of_slips(session: Session, **wanted: Unpack[SlipFilter]) -> tuple[date, date] | None:
    """Return the first and the last day of service of the slips that may be seen; None without any."""
    seen = _seen(wanted.get("member_id"), wanted.get("workshop_ids"))
    bounds = select(func.min(UsageRecord.service_date), func.max(UsageRecord.service_date))
    first, last = session.execute(
        bounds.select_from(UsageRecord).join(Machine, Machine.id == UsageRecord.machine_id).where(*seen)
    ).one()
    return None if first is None else (first, last)


def machines_with_slips(session: Session, **wanted: Unpack[SlipFilter]) -> tuple[tuple[str, str], ...]:
    """Return the machines with slips that may be seen as (short name, name), by name; retired ones included."""
    seen = _seen(wanted.get("member_id"), wanted.get("workshop_ids"))
    rows = session.execute(
        select(Machine.slug, Machine.name)
        .where(exists().where(UsageRecord.machine_id == Machine.id, *seen).correlate(Machine))
        .order_by(Machine.name, Machine.id)
    )
    return tuple((slug, name) for slug, name in rows)


def _named(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.join(Machine, Machine.id == UsageRecord.machine_id).join(
        Member, Member.id == UsageRecord.member_id
    )


def _conditions(wanted: SlipFilter) -> list[ColumnElement[bool]]:
    found = [*_seen(wanted.get("member_id"), wanted.get("workshop_ids"))]
    if text := wanted.get("member_text"):
        found.append(or_(*(part.icontains(text, autoescape=True) for part in (Member.number, Member.name))))
    if (machine_id := wanted.get("machine_id")) is not None:
        found.append(UsageRecord.machine_id == machine_id)
    if since := wanted.get("since"):
        found.append(UsageRecord.service_date >= since)
    if until := wanted.get("until"):
        found.append(UsageRecord.service_date <= until)
    if wanted.get("only_disputed"):
        found.append(IS_DISPUTED)
    return found


def _seen(member_id: int | None, workshop_ids: Collection[int] | None) -> Iterator[ColumnElement[bool]]:
    either = []
    if member_id is not None:
        either.append(UsageRecord.member_id == member_id)
    if workshop_ids is not None:
        either.append(Machine.workshop_id.in_(workshop_ids))
    if either:
        yield or_(*either)


def _one(session: Session, is_wanted: ColumnElement[bool], named: int) -> SlipView:
    row = session.execute(_SLIPS.where(is_wanted)).one_or_none()
    if row is None:
        raise NotFound(id=named)
    return SlipView(*row)
