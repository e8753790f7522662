"""The budget of pools beside what was entered, by calendar year of the day of service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import Budget, Cost, Pool


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A kind of cost in a year, or all of them. budget_cents: None without one; actual_cents: the bills entered."""

    kind: str
    budget_cents: int | None
    actual_cents: int

    @property
    def left_cents(self) -> int | None:
        """What is left of the budget, below zero where it is exceeded; None without a budget."""
        return None if self.budget_cents is None else self.budget_cents - self.actual_cents


@dataclass(frozen=True, slots=True)
class YearBudget:
    """The budget of a pool for a year: its kinds of cost in their order, then those that it no longer has; the sum.

    The sum of the budget is None where no kind has one; bills of kinds without a budget count in the actual sum.
    """

    pool_id: int
    pool_name: str
    year: int
    lines: tuple[BudgetLine, ...]

    @property
    def total(self) -> BudgetLine:
        """All kinds together."""
        budgets = [line.budget_cents for line in self.lines if line.budget_cents is not None]
        return BudgetLine("", sum(budgets) if budgets else None, sum(line.actual_cents for line in self.lines))


def budgets_of_year(session: Session, year: int, *, pool_id: int | None = None) -> tuple[YearBudget, ...]:
    """Return the budgets of all pools by name, or of one, in three statements; also of pools that have none."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    spent = select(Cost.pool_id, Cost.kind, func.sum(Cost.net_cents)).where(Cost.service_date.between(first, last))
    planned = select(Budget.pool_id, Budget.kind, Budget.net_cents).where(Budget.year == year)
    pools = select(Pool.id, Pool.name, Pool.rules).order_by(Pool.name)
    if pool_id is not None:
        pools, spent = pools.where(Pool.id == pool_id), spent.where(Cost.pool_id == pool_id)
        planned = planned.where(Budget.pool_id == pool_id)
    actual = {
        (pool, kind): int(cents) for pool, kind, cents in session.execute(spent.group_by(Cost.pool_id, Cost.kind))
    }
    budget = {(pool, kind): cents for pool, kind, cents in session.execute(planned)}
    found = []
    for pool, name, rules in session.execute(pools):
        others = sorted(kind for owner, kind in {*actual, *budget} if owner == pool and kind not in rules)
        lines = (BudgetLine(kind, budget.get((pool, kind)), actual.get((pool, kind), 0)) for kind in (*rules, *others))
        found.append(YearBudget(pool, name, year, tuple(lines)))
    return tuple(found)
