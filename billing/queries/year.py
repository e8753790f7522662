"""Totals of a year: charges, costs, and the allocated part of the costs; the years there are, and their open work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, case, extract, func, literal_column, select, true
from sqlalchemy.orm import Session

from billing.allocations.periods import Period, accounting_year
from billing.ledger.posting import DEPOSITS
from billing.models import AccountMonth, Allocation, AllocationLine, Charge, ChargeTotal, Cost, LedgerAccount, Unpriced
from billing.queries.fees import NO_DEPOSIT, FeeFilter, sum_of_fees
from billing.queries.pools import effective_allocations


@dataclass(frozen=True, slots=True)
class YearTotals:
    """Totals by day of service, in cents.

    charged_cents: usage charges, corrections included. divided_cents: costs in an effective allocation. fee_cents: fees
    as their list has them, those that were taken back less. deposit_cents: deposits that are held now, of any year.
    """

    year: int
    charged_cents: int
    cost_cents: int
    divided_cents: int
    fee_cents: int
    deposit_cents: int

    @property
    def waiting_cents(self) -> int:
        """Return the unallocated costs of the year."""
        return self.cost_cents - self.divided_cents


@dataclass(frozen=True, slots=True)
class WaitingCosts:
    """The unallocated costs of an accounting year. year: the one in which it begins."""

    year: int
    count: int
    cents: int

    @property
    def period(self) -> Period:
        """Return its first and last day."""
        return accounting_year(date(self.year, 1, 1))


def waiting_by_year(session: Session, *, pool_id: int | None = None) -> tuple[WaitingCosts, ...]:
    """Return the years with unallocated costs, of all pools or one, oldest first."""
    allocated, year = effective_allocations(), extract("year", Cost.service_date)
    statement = (
        select(year, func.count(), func.sum(Cost.net_cents))
        .outerjoin(allocated, allocated.c.cost_id == Cost.id)
        .where(allocated.c.cost_id.is_(None))
        .group_by(year)
        .order_by(year)
    )
    if pool_id is not None:
        statement = statement.where(Cost.pool_id == pool_id)
    return tuple(WaitingCosts(int(of), count, int(cents)) for of, count, cents in session.execute(statement))


@dataclass(frozen=True, slots=True)
class YearWork:
    """An accounting year with its open work: unallocated costs, and usage slips without a price."""

    year: int
    cost_count: int = 0
    cost_cents: int = 0
    unpriced_count: int = 0

    @property
    def open_count(self) -> int:
        """Return how many costs and slips are open."""
        return self.cost_count + self.unpriced_count


def years_of_ring(session: Session, today: date) -> tuple[YearWork, ...]:
    """Return the accounting years of which something was entered, and the present one; newest first."""
    costs = {one.year: one for one in waiting_by_year(session)}
    year = extract("year", Unpriced.service_date)
    counts = session.execute(select(year, func.count()).group_by(year))
    unpriced = {int(of): count for of, count in counts}
    bounds = (*_bounds_of_ring(session), *costs, *unpriced, today.year)
    return tuple(
        YearWork(
            of,
            costs[of].count if of in costs else 0,
            costs[of].cents if of in costs else 0,
            unpriced.get(of, 0),
        )
        for of in range(max(bounds), min(bounds) - 1, -1)
    )


def years_of_member(session: Session, member_id: int, today: date) -> tuple[YearWork, ...]:
    """Return the accounting years in which a member was charged or bears a part of costs, and the present one."""
    charged = _charge_bounds(Charge.member_id == member_id)
    borne = (
        select(func.min(Allocation.period_from), func.max(Allocation.period_until))
        .join(AllocationLine, AllocationLine.allocation_id == Allocation.id)
        .where(AllocationLine.member_id == member_id)
    )
    days = [day for statement in (charged, borne) for day in session.execute(statement).one() if day is not None]
    bounds = (*(day.year for day in days), today.year)
    return tuple(YearWork(of) for of in range(max(bounds), min(bounds) - 1, -1))


def year_with_open_work(years: Iterable[YearWork], today: date) -> int:
    """Return the oldest year up to the present one that has open work, else the present one."""
    return min((one.year for one in years if one.open_count and one.year <= today.year), default=today.year)


def year_of_member(session: Session, member_id: int, today: date) -> int:
    """Return the newest year up to the present one in which a member was charged, else the present one."""
    last = session.scalar(
        select(func.max(Charge.service_date)).where(
            Charge.member_id == member_id, Charge.service_date <= accounting_year(today)[1]
        )
    )
    return last.year if last is not None else today.year


def _bounds_of_ring(session: Session) -> list[int]:
    """Return the years of the first and last charge, cost and allocation."""
    statements = (
        _charge_bounds(true()),
        select(func.min(Cost.service_date), func.max(Cost.service_date)),
        select(func.min(Allocation.period_from), func.max(Allocation.period_until)),
    )
    return [day.year for statement in statements for day in session.execute(statement).one() if day is not None]


def _charge_bounds(of: ColumnElement[bool]) -> Select[date, date]:
    """Select the first and the last day of charges: both ends of an index."""
    first, last = (select(end(Charge.service_date)).where(of) for end in (func.min, func.max))
    return select(first.scalar_subquery(), last.scalar_subquery())


def year_totals(session: Session, year: int) -> YearTotals:
    """Return the totals of a year, read in one statement."""
    first, last, allocated = date(year, 1, 1), date(year, 12, 31), effective_allocations()
    charged = select(func.sum(ChargeTotal.cents)).where(ChargeTotal.service_date.between(first, last))
    costs = select(func.sum(Cost.net_cents)).where(Cost.service_date.between(first, last))
    divided = costs.join(allocated, allocated.c.cost_id == Cost.id)
    fees = sum_of_fees(FeeFilter(NO_DEPOSIT, since=first, until=last))
    wanted = (charged, costs, divided, fees, _deposits())
    sums = session.execute(select(*(one.scalar_subquery() for one in wanted))).one()
    return YearTotals(year, *(int(cents or 0) for cents in sums))


def _deposits() -> Select[int]:
    """Select what is on the account of deposits."""
    cents = func.sum(AccountMonth.credit_cents - AccountMonth.debit_cents)
    return select(cents).where(
        AccountMonth.account_id == select(LedgerAccount.id).where(LedgerAccount.code == DEPOSITS).scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class MonthCosts:
    """The costs of one pool, kind and month of service, in cents. divided_cents: those in an effective allocation."""

    pool_id: int
    kind: str
    month: int
    count: int
    cents: int
    divided_cents: int
    last_day: date


def costs_by_month(session: Session, year: int) -> tuple[MonthCosts, ...]:
    """Return the costs of a year by pool, kind and month of service, in one statement."""
    first, last = accounting_year(date(year, 1, 1))
    allocated, month = effective_allocations(), extract("month", Cost.service_date)
    # Not the column itself: SQLite would walk through all years in the order of its index, to save a sort.
    pool_id = Cost.pool_id + literal_column("0")
    divided = func.sum(case((allocated.c.cost_id.is_not(None), Cost.net_cents), else_=0))
    rows = session.execute(
        select(pool_id, Cost.kind, month, func.count(), func.sum(Cost.net_cents), divided, func.max(Cost.service_date))
        .outerjoin(allocated, allocated.c.cost_id == Cost.id)
        .where(Cost.service_date.between(first, last))
        .group_by(pool_id, Cost.kind, month)
        .order_by(pool_id, Cost.kind, month)
    )
    return tuple(
        MonthCosts(pool_id, kind, int(of), count, int(cents), int(part), day)
        for pool_id, kind, of, count, cents, part, day in rows
    )
