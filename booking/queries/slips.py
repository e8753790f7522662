"""Usage slips as members and managers read them, with all their notes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.kernel.views import columns_of, converted, without_index
from booking.models import Machine, Member, Reservation, UsageRecord, Workshop
from booking.queries.names import few_members_matching, members_matching
from booking.queries.workshop_ends import newest_of_workshops, oldest_of_workshops

ZONES_DIFFER = timedelta(hours=26)  # a day of service is that of the workshop's clock

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
    machine_sort: str
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
    operator_name: str
    supervisor_name: str
    second_person: str
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


SLIP_VIEWS = (
    select(
        *columns_of(
            SlipView,
            UsageRecord,
            machine_slug=Machine.slug,
            machine_name=Machine.name,
            machine_sort=Machine.sort,
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
    member_text: part of the member's number or name; member_ids: of these. since, until: days of service, included.
    """

    member_id: int | None
    workshop_ids: Collection[int] | None
    member_text: str
    member_ids: Collection[int]
    machine_id: int | None
    since: date | None
    until: date | None
    only_disputed: bool


@dataclass(frozen=True, slots=True)
class SlipTotals:
    """How many slips a filter has, and charge unit -> amount used in its small unit.

    is_complete: False where the filter has more slips than were summed; the sums are of the newest of them. ids: of
    those that were summed, if only so many were asked for.
    """

    count: int
    used: Mapping[str, int]
    is_complete: bool = True
    ids: Collection[int] = ()


def slips(
    session: Session, *, limit: int = 25, offset: int = 0, oldest_first: bool = False, **wanted: Unpack[SlipFilter]
) -> tuple[SlipView, ...]:
    """Return a page of slips, the newest first, or the oldest."""
    columns = select(UsageRecord.id, UsageRecord.handed_out_at)
    listed = _in_order(columns, session, wanted, oldest_first=oldest_first)
    page = listed.limit(limit).offset(offset).subquery()
    # Sorted here: SQLite would copy all columns of each row once more, and for the order of the table's own columns
    # version 3.46 walks through all slips.
    found = [SlipView(*row) for row in session.execute(SLIP_VIEWS.join(page, page.c.id == UsageRecord.id))]
    return tuple(sorted(found, key=_handed_out, reverse=not oldest_first))


def slip_totals(session: Session, *, at_most: int | None = None, **wanted: Unpack[SlipFilter]) -> SlipTotals:
    """Return the sums of the slips of a filter; at_most: of so many, the newest."""
    if at_most is None:
        return _all_totals(session, wanted)
    # Few rows are summed here: grouping them costs the database three times as much as reading them.
    newest = _in_order(select(UsageRecord.id, UsageRecord.charge_unit, UsageRecord.used_amount), session, wanted)
    rows = session.execute(newest.limit(at_most + 1)).all()
    used: dict[str, int] = dict.fromkeys(sorted({row.charge_unit for row in rows}), 0)
    for _id, unit, amount in rows:
        used[unit] += amount or 0
    return SlipTotals(len(rows), used, len(rows) <= at_most, [row.id for row in rows])


def _all_totals(session: Session, wanted: SlipFilter) -> SlipTotals:
    columns = (UsageRecord.charge_unit, func.count(), func.sum(UsageRecord.used_amount))
    found = _seen(select(*columns), session, wanted).where(*_conditions(session, wanted))
    rows = session.execute(found.group_by(UsageRecord.charge_unit).order_by(UsageRecord.charge_unit)).all()
    return SlipTotals(sum(row[1] for row in rows), {unit: int(used or 0) for unit, _count, used in rows})


def slip_ids(session: Session, **wanted: Unpack[SlipFilter]) -> Select[*tuple[Any, ...]]:
    """Return the statement of the ids of all slips of a filter, for sums over other tables."""
    return _seen(select(UsageRecord.id), session, wanted).where(*_conditions(session, wanted))


def disputed_count(session: Session) -> int:
    """Return how many slips are disputed."""
    return session.scalar(select(func.count()).select_from(UsageRecord).where(IS_DISPUTED)) or 0


def _in_order(
    statement: Select[*tuple[Any, ...]], session: Session, wanted: SlipFilter, *, oldest_first: bool = False
) -> Select[*tuple[Any, ...]]:
    """Return a statement for the slips of a filter in the order of an index, the newest first, or the oldest."""
    listed, start = _seen(statement, session, wanted).where(*_conditions(session, wanted)), UsageRecord.handed_out_at
    if not oldest_first:
        return listed.order_by(start.desc(), UsageRecord.id.desc())
    if (workshop_ids := wanted.get("workshop_ids")) and wanted.get("member_id") is None:
        oldest = oldest_of_workshops(session, start, workshop_ids)
        listed = listed.where(false() if oldest is None else start >= oldest)
    return listed.order_by(start, UsageRecord.id)


def _conditions(session: Session, wanted: SlipFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if text := wanted.get("member_text"):
        found.append(_of_members(session, text))
    if (member_ids := wanted.get("member_ids")) is not None:
        found.append(UsageRecord.member_id.in_(member_ids))
    if (machine_id := wanted.get("machine_id")) is not None:
        found.append(UsageRecord.machine_id == machine_id)
    found += _in_days(wanted.get("since"), wanted.get("until"))
    if wanted.get("only_disputed"):
        found.append(IS_DISPUTED)
    return found


def _of_members(session: Session, text: str) -> ColumnElement[bool]:
    """Return the condition for the members whose number or name has a text.

    Few of them are found by the index on the member; of many, the newest slips are soon met in the order of the list.
    """
    if (few := few_members_matching(session, text)) is not None:
        return UsageRecord.member_id.in_(few)
    return without_index(UsageRecord.member_id.in_(members_matching(text)))


def _in_days(since: date | None, until: date | None) -> Iterator[ColumnElement[bool]]:
    """Yield conditions for days of service, and wider ones for the instant of the hand-out.

    The list is in the order of the instants: so it begins and ends in their index.
    """
    if since is not None:
        yield without_index(UsageRecord.service_date >= since)
        yield UsageRecord.handed_out_at >= _midnight(since) - ZONES_DIFFER
    if until is not None:
        yield without_index(UsageRecord.service_date <= until)
        yield UsageRecord.handed_out_at < _midnight(until) + timedelta(days=1) + ZONES_DIFFER


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _seen(statement: Select[*tuple[Any, ...]], session: Session, wanted: SlipFilter) -> Select[*tuple[Any, ...]]:
    """Restrict a statement to what may be seen. No OR where one of the two is empty: it would defeat the indexes."""
    member_id, workshop_ids = wanted.get("member_id"), wanted.get("workshop_ids")
    if workshop_ids or (workshop_ids is not None and member_id is None):
        statement = statement.select_from(UsageRecord).join(Machine, Machine.id == UsageRecord.machine_id)
    if member_id is not None and workshop_ids:
        either = or_(UsageRecord.member_id == member_id, Machine.workshop_id.in_(workshop_ids))
        return statement.where(without_index(either))
    if member_id is not None:
        return statement.where(UsageRecord.member_id == member_id)
    if workshop_ids is not None:
        statement = statement.where(without_index(Machine.workshop_id.in_(workshop_ids)))
        if wanted.get("only_disputed"):  # few, in an index of their own
            return statement
        newest = newest_of_workshops(session, UsageRecord.handed_out_at, workshop_ids)
        return statement.where(false() if newest is None else UsageRecord.handed_out_at <= newest)
    return statement


def _handed_out(slip: SlipView) -> tuple[datetime, int]:
    return slip.handed_out_at, slip.id


def _one(session: Session, is_wanted: ColumnElement[bool], named: int) -> SlipView:
    row = session.execute(SLIP_VIEWS.where(is_wanted)).one_or_none()
    if row is None:
        raise NotFound(id=named)
    return SlipView(*row)
