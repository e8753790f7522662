"""The audit of answered periods of recurring costs, run by `ring check`.

Codes of the findings and their facts: recurring_period (recurring_id, begins_on), recurring_pool (recurring_id,
cost_id).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import Cost, RecurringCost, RecurringPeriod
from billing.pools.recurring_days import last_day_of
from booking.kernel.audit import AuditFinding

BATCH = 1_000


def broken_periods_of_costs(session: Session) -> Iterator[AuditFinding]:
    """Yield answers for days on which no period of their recurring cost begins, and those with another pool's cost."""
    statement = (
        select(RecurringPeriod.recurring_id, RecurringPeriod.begins_on, RecurringPeriod.cost_id)
        .add_columns(RecurringCost.first_on, RecurringCost.every_months, RecurringCost.pool_id, Cost.pool_id)
        .join(RecurringCost, RecurringCost.id == RecurringPeriod.recurring_id)
        .outerjoin(Cost, Cost.id == RecurringPeriod.cost_id)
        .order_by(RecurringPeriod.recurring_id, RecurringPeriod.begins_on)
        .execution_options(yield_per=BATCH)
    )
    for recurring_id, begins_on, cost_id, first_on, every_months, pool_id, of_cost in session.execute(statement):
        try:
            last_day_of(begins_on, first_on, every_months)
        except ValueError:
            day = begins_on.isoformat()
            yield AuditFinding("recurring_period", {"recurring_id": recurring_id, "begins_on": day})
        if cost_id is not None and of_cost != pool_id:
            yield AuditFinding("recurring_pool", {"recurring_id": recurring_id, "cost_id": cost_id})
