"""Views of usage charges: a member's, and those of usage slips."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Date, Row, Select, and_, bindparam, case, exists, extract, func, select
from sqlalchemy.orm import Session, aliased

from billing.allocations.periods import Period
from billing.models import Charge, Unpriced
from billing.prices.pricing import PriceCalculation
from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import columns_of, converted


@dataclass(frozen=True, slots=True)
class ChargeView:
    """One of a member's charges with its calculation. is_reversal: it reverses an earlier one."""

    id: int
    usage_id: int
    machine_id: int
    service_date: date
    charge_unit: str
    charged_amount: int
    cents: int
    is_reversal: bool
    calculation: PriceCalculation


@dataclass(frozen=True, slots=True)
class SlipCharge:
    """The effective charge of a usage slip with its calculation. charged_amount in small units."""

    usage_id: int
    charged_amount: int
    cents: int
    calculation: PriceCalculation


@dataclass(frozen=True, slots=True)
class SlipPrice:
    """The price of a usage slip, for lists and files. unit_price in euro per charge unit."""

    charged_amount: int
    unit_price: Decimal
    cents: int


View = TypeVar("View")
SlipIds = Select[*tuple[Any, ...]] | Collection[int]  # a statement of ids; or the ids themselves, if they are few

_CHARGE = columns_of(ChargeView, Charge, is_reversal=Charge.reverses_id.is_not(None))
_SLIP_CHARGE = columns_of(SlipCharge, Charge)
# Only the unit price out of the JSON: files read a hundred thousand rows.
_PRICE = columns_of(SlipPrice, Charge, unit_price=converted(Charge.calculation["unit_price"].as_string(), Decimal))
# Compiled once: the start page of each member runs it.
_YEAR = extract("year", Charge.service_date)
_MONTH, _DAY = extract("month", Charge.service_date), extract("day", Charge.service_date)
_CHARGED_BY_MONTH = PreparedStatement(
    select(_YEAR, _MONTH, func.sum(Charge.cents), func.sum(case((bindparam("until") >= _DAY, Charge.cents), else_=0)))
    .where(Charge.member_id == bindparam("member_id"), Charge.service_date >= bindparam("day", type_=Date))
    .group_by(_YEAR, _MONTH)
)


def charges_of_member(
    session: Session,
    member_id: int,
    *,
    days: Period | None = None,
    machine_id: int | None = None,
    limit: int = 25,
    offset: int = 0,
) -> tuple[tuple[ChargeView, ...], bool]:
    """Return a page of a member's charges, newest first, and whether there are more.

    days: first and last day of service.
    """
    wanted = [Charge.member_id == member_id]
    if machine_id is not None:
        wanted.append(Charge.machine_id == machine_id)
    if days is not None:
        wanted.append(Charge.service_date.between(*days))
    rows = session.execute(
        select(*_CHARGE)
        .where(*wanted)
        .order_by(Charge.service_date.desc(), Charge.usage_id.desc(), Charge.number.desc())
        .limit(limit + 1)
        .offset(offset)
    ).all()
    return tuple(_with_calculation(ChargeView, row) for row in rows[:limit]), len(rows) > limit


@dataclass(frozen=True, slots=True)
class ChargedYears:
    """What a member was charged by year and month of service, in cents; corrections included.

    until_day: of each month only what falls on the present day of the month or before it.
    """

    months: Mapping[tuple[int, int], int]
    until_day: Mapping[tuple[int, int], int]

    @property
    def years(self) -> frozenset[int]:
        """Return the years with a charge."""
        return frozenset(year for year, _month in self.months)

    def of_year(self, year: int) -> int:
        """Return the total of a year."""
        return sum(self.by_month(year))

    def by_month(self, year: int) -> tuple[int, ...]:
        """Return the totals of the twelve months of a year."""
        return tuple(self.months.get((year, month), 0) for month in range(1, 13))

    def up_to(self, year: int, month: int) -> int:
        """Return the total of a year up to the present day of a month."""
        return sum(self.by_month(year)[: month - 1]) + self.until_day.get((year, month), 0)


def charged_by_month(session: Session, member_id: int, since: date, *, today: date) -> ChargedYears:
    """Return the totals of a member's charges from a day of service on, in one statement."""
    rows = _CHARGED_BY_MONTH.of(session, {"member_id": member_id, "day": since, "until": today.day})
    return ChargedYears(
        {(int(year), int(month)): int(cents) for year, month, cents, _part in rows},
        {(int(year), int(month)): int(part) for year, month, _cents, part in rows},
    )


@dataclass(frozen=True, slots=True)
class ChargedSlips:
    """What some slips were charged in cents: all of them, corrections included, and the charge that counts of each."""

    total: int
    by_slip: Mapping[int, int]


def charged_cents(session: Session, usage_ids: SlipIds) -> int:
    """Return what some slips were charged, in cents; corrections included."""
    return int(session.scalar(select(func.sum(Charge.cents)).where(Charge.usage_id.in_(usage_ids))) or 0)


def charged_slips(session: Session, usage_ids: Collection[int]) -> ChargedSlips:
    """Return what a few slips were charged, in one statement: their sum, and what counts of each."""
    rows = session.execute(
        select(Charge.usage_id, Charge.number, Charge.cents).where(Charge.usage_id.in_(usage_ids))
    ).all()
    newest: dict[int, tuple[int, int]] = {}
    for usage_id, number, cents in rows:
        newest[usage_id] = max(newest.get(usage_id, (0, 0)), (number, cents))
    effective = {usage_id: cents for usage_id, (number, cents) in newest.items() if _is_charge(number)}
    return ChargedSlips(sum(row.cents for row in rows), effective)


def unpriced_count(session: Session) -> int:
    """Return how many usage slips have no price."""
    return session.scalar(select(func.count()).select_from(Unpriced)) or 0


def unpriced_among(session: Session, usage_ids: SlipIds) -> int:
    """Return how many of some slips have no price."""
    counted = select(func.count()).select_from(Unpriced).where(Unpriced.usage_id.in_(usage_ids))
    if isinstance(usage_ids, Select):
        return session.scalar(counted) or 0
    if not usage_ids:
        return 0
    # Mostly there is none between the first and the last of them, and none of them need be looked up.
    between = exists().where(Unpriced.usage_id.between(min(usage_ids), max(usage_ids)))
    return session.scalar(select(case((between, counted.scalar_subquery()), else_=0))) or 0


def charge_of_slip(session: Session, usage_id: int) -> SlipCharge | None:
    """Return the effective charge of a usage slip, or None if it has no price."""
    row = session.execute(select(*_SLIP_CHARGE).where(Charge.usage_id == usage_id, _is_effective())).one_or_none()
    return None if row is None else _with_calculation(SlipCharge, row)


def prices_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, SlipPrice]:
    """Return slip id -> price, of the slips that have one."""
    rows = session.execute(select(Charge.usage_id, *_PRICE).where(Charge.usage_id.in_(usage_ids), _is_effective()))
    return {usage_id: SlipPrice(*price) for usage_id, *price in rows}


def cents_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, int]:
    """Return slip id -> euro cents, of the slips that have a price."""
    rows = session.execute(select(Charge.usage_id, Charge.cents).where(Charge.usage_id.in_(usage_ids), _is_effective()))
    return {row.usage_id: row.cents for row in rows}


def _is_effective() -> ColumnElement[bool]:
    # The rows of a slip are numbered: odd ones are charges, even ones reverse the one before. The condition uses the
    # number: "reverses_id IS NULL" has an index of its own, by which SQLite would scan the charges of all slips.
    later = aliased(Charge)
    has_later = exists().where(later.usage_id == Charge.usage_id, later.number > Charge.number)
    return and_(_is_charge(Charge.number), ~has_later)


def _is_charge(number: Any) -> Any:
    """Return whether a row of this number, or a column of numbers, charges; else it reverses the one before."""
    return number % 2 == 1


def _with_calculation(view: Callable[..., View], row: Row[Any]) -> View:
    """Return a view of a row whose last column is a stored calculation."""
    return view(*row[:-1], PriceCalculation.from_json(row[-1]))
