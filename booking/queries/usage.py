"""Usage slips for billing: what was used, by whom, on which day of service."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.kernel.progress import tracked
from booking.kernel.views import columns_of, without_index
from booking.models import Machine, Member, UsageRecord
from booking.queries.names import members_matching
from booking.queries.slips import IS_DISPUTED

IDS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class UsageSlip:
    """A slip with what its price and its share of the costs depend on; amounts in small units.

    service_date: the day on which the use began; price_class: the member's on that day.
    used_amount is None while the machine is out. is_disputed: the member objects and nobody has answered.
    """

    id: int
    reservation_id: int | None
    machine_id: int
    machine_name: str
    workshop_id: int
    member_id: int
    member_number: str
    member_name: str
    service_date: date
    price_class: str
    charge_unit: str
    handed_out_at: datetime
    handed_back_at: datetime | None
    booked_amount: int | None
    used_amount: int | None
    places: int
    operator_name: str
    second_person: str
    is_disputed: bool


class CountedUse(NamedTuple):
    """A slip's part in an allocation. used_amount in small units, None while the machine is out; price_class: its own.

    A tuple, because a season of a large ring has several hundred thousand of them.
    """

    usage_id: int
    member_id: int
    service_date: date
    charge_unit: str
    used_amount: int | None
    is_disputed: bool
    price_class: str


@dataclass(frozen=True, slots=True)
class UnfinishedUse:
    """How many uses have not ended, and how many slips have an objection that nobody has answered."""

    out: int
    disputed: int


_COLUMNS = columns_of(
    UsageSlip,
    UsageRecord,
    machine_name=Machine.name,
    workshop_id=Machine.workshop_id,
    member_number=Member.number,
    member_name=Member.name,
    is_disputed=IS_DISPUTED,
)


def usage_slip(session: Session, usage_id: int) -> UsageSlip:
    """Return one slip. Raises NotFound."""
    row = session.execute(_slips().where(UsageRecord.id == usage_id)).one_or_none()
    if row is None:
        raise NotFound(id=usage_id)
    return UsageSlip(*row)


def usage_slips(
    session: Session,
    *,
    since: date | None = None,
    until: date | None = None,
    machine_id: int | None = None,
    member_id: int | None = None,
    usage_ids: Collection[int] | None = None,
    seen_by: tuple[int | None, Collection[int]] | None = None,
    after_id: int = 0,
    limit: int | None = None,
) -> tuple[UsageSlip, ...]:
    """Return slips by filters, in order of their ids; after_id: the last one of the page before.

    since, until: days of service, both included. An empty collection of ids matches nothing. seen_by: only a
    member's own and those of some workshops.
    """
    wanted: list[ColumnElement[bool]] = [UsageRecord.id > after_id, *_of_machine(machine_id)]
    if member_id is not None:
        wanted.append(UsageRecord.member_id == member_id)
    if usage_ids is not None:
        wanted.append(UsageRecord.id.in_(usage_ids))
    if seen_by is not None:
        wanted.append(_seen_by(*seen_by))
    wanted += _between(since, until)
    statement = _slips().where(*wanted).order_by(UsageRecord.id).limit(limit)
    return tuple(UsageSlip(*row) for row in session.execute(statement))


def usage_slip_ids(
    session: Session, *, since: date, until: date, machine_id: int | None = None, member_text: str = ""
) -> array[int]:
    """Return the numbers of the slips of some days of service, both included, in order.

    member_text: part of the member's number or name.
    """
    wanted = [*_of_machine(machine_id), *_between(since, until)]
    if member_text:
        wanted.append(UsageRecord.member_id.in_(members_matching(member_text)))
    statement = select(UsageRecord.id).where(*wanted).order_by(UsageRecord.id)
    return array("q", session.scalars(statement.execution_options(yield_per=IDS_AT_ONCE)))


def count_uses(session: Session, machines: int | Collection[int], since: date, until: date, *, at_most: int) -> int:
    """Return how many uses counted_uses() would return, up to a number."""
    found = select(UsageRecord.id).where(_is_of(machines), *_between(since, until)).limit(at_most)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def counted_uses(
    session: Session, machines: int | Collection[int], since: date, until: date, *, steps: int = 0
) -> tuple[CountedUse, ...]:
    """Return the uses of a machine, or of several, with a day of service from one day to another, included, by slip.

    steps: of the whole work of which this is the first, for its progress.
    """
    rows = session.execute(
        select(
            UsageRecord.id,
            UsageRecord.member_id,
            UsageRecord.service_date,
            UsageRecord.charge_unit,
            UsageRecord.used_amount,
            IS_DISPUTED,
            UsageRecord.price_class,
        )
        .where(_is_of(machines), *_between(since, until))
        .order_by(UsageRecord.id)
    )
    return tuple(
        CountedUse(usage_id, member_id, day, unit, used, bool(is_disputed), price_class)
        for usage_id, member_id, day, unit, used, is_disputed, price_class in tracked(rows, steps)
    )


def members_with_use(
    session: Session, machines: int | Collection[int], since: date, until: date, *, except_class: str | None = None
) -> frozenset[int]:
    """Return the members who used a machine, or one of several, on some days, with an amount above zero.

    except_class: uses of this price class do not count.
    """
    wanted = [_is_of(machines), *_between(since, until), UsageRecord.used_amount > 0]
    if except_class is not None:
        wanted.append(UsageRecord.price_class != except_class)
    return frozenset(session.scalars(select(UsageRecord.member_id).where(*wanted).distinct()))


def _is_of(machines: int | Collection[int]) -> ColumnElement[bool]:
    if isinstance(machines, int):
        return UsageRecord.machine_id == machines
    return UsageRecord.machine_id.in_(sorted(machines))


def unfinished_use(session: Session, since: date, until: date) -> UnfinishedUse:
    """Return what is unfinished of the uses with a day of service from one day to another, both included."""
    slips = select(func.count()).select_from(UsageRecord).where(*_between(since, until))
    out = session.scalar(slips.where(UsageRecord.used_amount.is_(None))) or 0
    return UnfinishedUse(out, session.scalar(slips.where(IS_DISPUTED)) or 0)


def ended_uses(session: Session, reservation_ids: Collection[int]) -> tuple[int, ...]:
    """Return the slips of some reservations whose machines came back."""
    is_back = UsageRecord.handed_back_at.is_not(None)
    slips = select(UsageRecord.id).where(UsageRecord.reservation_id.in_(reservation_ids), is_back)
    return tuple(session.scalars(slips.order_by(UsageRecord.id)))


def _seen_by(member_id: int | None, workshop_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition for a member's own slips and those of some workshops. No OR where one side is empty."""
    if not workshop_ids:
        return UsageRecord.member_id == member_id
    at_workshop = Machine.workshop_id.in_(workshop_ids)
    return without_index(at_workshop if member_id is None else or_(UsageRecord.member_id == member_id, at_workshop))


def _of_machine(machine_id: int | None) -> list[ColumnElement[bool]]:
    return [] if machine_id is None else [UsageRecord.machine_id == machine_id]


def _slips() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(UsageRecord)
        .join(Machine, Machine.id == UsageRecord.machine_id)
        .join(Member, Member.id == UsageRecord.member_id)
    )


def _between(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted.append(UsageRecord.service_date >= since)
    if until is not None:
        wanted.append(UsageRecord.service_date <= until)
    return wanted
