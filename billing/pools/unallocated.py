"""Which allocations count, and which costs are in none of them, as conditions of statements."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import aliased

from billing.models import Allocation, AllocationCost, Cost


def is_effective() -> ColumnElement[bool]:
    """Return a condition on Allocation: it is neither a reversal nor reversed."""
    reversal = aliased(Allocation)
    return and_(Allocation.reverses_id.is_(None), ~exists().where(reversal.reverses_id == Allocation.id))


def is_unallocated() -> ColumnElement[bool]:
    """Return a condition on Cost: it is in no effective allocation."""
    return ~exists().where(
        AllocationCost.cost_id == Cost.id, Allocation.id == AllocationCost.allocation_id, is_effective()
    )


def unallocated_costs(pool_id: int) -> Select[Cost]:
    """Return a statement that selects the costs of a pool that are in no effective allocation."""
    return select(Cost).where(Cost.pool_id == pool_id, is_unallocated())
