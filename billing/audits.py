"""Audits of charges and allocations, run by `ring check`. Each yields the inconsistencies it finds.

Codes of the findings and their facts: sums_differ (allocation_id, sums), allocation_mirror (allocation_id,
reverses_id), group_costs, division, weights and counts (allocation_id, group; 0: the whole), calculation (charge_id),
gap (usage_id, number), charge_mirror (charge_id, reverses_id), day_total (day, cents, charged), counted_twice (pool_id,
other_id, machine_id), reading (meter_id, day).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.allocations.key_audit import follows_from_working, wrong_readings
from billing.models import (
    Allocation,
    AllocationCost,
    AllocationCostGroup,
    AllocationCount,
    AllocationLine,
    AllocationSlip,
    Charge,
    ChargeTotal,
)
from billing.pools.group_counting import machines_counted_twice
from billing.prices.pricing import PriceCalculation
from billing.split import split_cents
from booking.kernel.audit import AuditFinding
from booking.kernel.orm import table_of
from booking.kernel.views import columns_of

BATCH = 1_000

MappedInt = InstrumentedAttribute[int]


def broken_allocations(session: Session) -> Iterator[AuditFinding]:
    """Yield the inconsistencies of posted allocations.

    Checked: costs, groups and lines add up to the total; lines follow from their weights; reversals are mirrors; no
    two pools count the charges of one machine; readings of meters are what was entered last.
    """
    groups = _sums(session, AllocationCostGroup.allocation_id, AllocationCostGroup.cents)
    lines = _sums(session, AllocationLine.allocation_id, AllocationLine.cents)
    costs = _sums(session, AllocationCost.allocation_id, AllocationCost.net_cents)
    totals: dict[int, int] = {}
    for posted in session.scalars(select(Allocation).order_by(Allocation.id)):
        totals[posted.id] = posted.total_cents
        sums = {groups[posted.id], lines[posted.id], costs[posted.id], posted.total_cents}
        if len(sums) > 1:
            yield _finding("sums_differ", allocation_id=posted.id, sums=sorted(sums))
        if posted.reverses_id is not None and totals.get(posted.reverses_id) != -posted.total_cents:
            yield _finding("allocation_mirror", allocation_id=posted.id, reverses_id=posted.reverses_id)
    yield from _broken_groups(session)
    yield from _wrong_bearers(session)
    yield from machines_counted_twice(session)
    yield from wrong_readings(session)


def broken_charges(session: Session) -> Iterator[AuditFinding]:
    """Yield charges that differ from their own calculation, and slips whose charges and reversals do not alternate."""
    columns = select(*columns_of(_ChargeRow, table_of(Charge)))
    statement = columns.order_by(Charge.usage_id, Charge.number).execution_options(yield_per=BATCH)
    previous: _ChargeRow | None = None
    with closing(session.connection().execute(statement)) as rows:
        for row in map(_ChargeRow._make, rows):
            yield from _check_charge(row, previous if previous and previous.usage_id == row.usage_id else None)
            previous = row
    yield from _wrong_totals(session)


def _wrong_totals(session: Session) -> Iterator[AuditFinding]:
    """Yield the days of service whose total is not the sum of their charges."""
    posted = _sums_of_days(session, select(Charge.service_date, func.sum(Charge.cents)).group_by(Charge.service_date))
    stored = _sums_of_days(session, select(ChargeTotal.service_date, ChargeTotal.cents))
    for day in sorted(posted.keys() | stored.keys()):
        if posted.get(day, 0) != stored.get(day, 0):
            yield _finding("day_total", day=day.isoformat(), cents=stored.get(day, 0), charged=posted.get(day, 0))


def _sums_of_days(session: Session, statement: Select[date, int]) -> dict[date, int]:
    return {day: int(cents) for day, cents in session.execute(statement)}


class _ChargeRow(NamedTuple):
    """A charge while it is checked: plain values, because a ring has hundreds of thousands."""

    id: int
    usage_id: int
    number: int
    cents: int
    added_vat_cents: int
    reverses_id: int | None
    calculation: dict[str, Any]


def _check_charge(row: _ChargeRow, previous: _ChargeRow | None) -> Iterator[AuditFinding]:
    """Check one row. previous: the row before it of the same slip."""
    calculation = PriceCalculation.from_json(row.calculation)
    if calculation.recalculated() != abs(row.cents) or calculation.added_vat_cents != abs(row.added_vat_cents):
        yield _finding("calculation", charge_id=row.id)
    if row.number != (previous.number + 1 if previous else 1):
        yield _finding("gap", usage_id=row.usage_id, number=row.number)
    elif row.reverses_id is not None and previous is not None and not _mirrors(row, previous):
        yield _finding("charge_mirror", charge_id=row.id, reverses_id=row.reverses_id)


def _broken_groups(session: Session) -> Iterator[AuditFinding]:
    """Compare each group with its costs, its lines with a new division, and its weights by use with the slips."""
    used, costs, counts = _used_by_allocation(session), _costs_by_group(session), _counts(session)
    in_order = (AllocationCostGroup.allocation_id, AllocationCostGroup.number)
    for group in session.scalars(select(AllocationCostGroup).order_by(*in_order)).all():
        of_group = (AllocationLine.allocation_id == group.allocation_id, AllocationLine.group_number == group.number)
        if costs.get((group.allocation_id, group.number)) != group.cents:
            yield _finding("group_costs", allocation_id=group.allocation_id, group=group.number)
        lines = session.scalars(select(AllocationLine).where(*of_group)).all()
        weights = {line.member_id: line.weight for line in lines}
        divided = split_cents(group.cents, weights) if sum(weights.values()) else {}
        if divided != {line.member_id: line.cents for line in lines}:
            yield _finding("division", allocation_id=group.allocation_id, group=group.number)
        bearers, rounding = sum(weight > 0 for weight in weights.values()), sum(one.got_rounding_cent for one in lines)
        if lines and counts.get((group.allocation_id, group.number)) != (bearers, rounding):
            yield _finding("counts", allocation_id=group.allocation_id, group=group.number)
        counted = {member_id: used[group.allocation_id].get(member_id) for member_id in weights}
        is_other_use = group.key == "use" and any(counted.values()) and counted != weights
        if is_other_use or not follows_from_working(session, group, weights):
            yield _finding("weights", allocation_id=group.allocation_id, group=group.number)


def _wrong_bearers(session: Session) -> Iterator[AuditFinding]:
    """Yield the allocations (group 0) whose stored count of members is not that of their lines."""
    key = AllocationLine.allocation_id
    members = select(key, func.count(AllocationLine.member_id.distinct())).group_by(key)
    counted = {row[0]: row[1] for row in session.execute(members)}
    stored = {key: bearers for (key, number), (bearers, _cents) in _counts(session).items() if number == 0}
    for allocation_id in sorted(counted.keys() | stored.keys()):
        if counted.get(allocation_id, 0) != stored.get(allocation_id, 0):
            yield _finding("counts", allocation_id=allocation_id, group=0)


def _costs_by_group(session: Session) -> dict[tuple[int, int], int]:
    """Return (allocation id, group number) -> sum of its costs in cents."""
    by = (AllocationCost.allocation_id, AllocationCost.group_number)
    rows = session.execute(select(*by, func.sum(AllocationCost.net_cents)).group_by(*by))
    return {(allocation_id, number): int(cents) for allocation_id, number, cents in rows}


def _counts(session: Session) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (allocation id, group number) -> the stored counts of its bearers and rounding cents."""
    return {
        (row.allocation_id, row.group_number): (row.bearers, row.rounding_cents)
        for row in session.scalars(select(AllocationCount))
    }


def _used_by_allocation(session: Session) -> defaultdict[int, dict[int, int]]:
    """Return allocation id -> member id -> sum of the counted slips, in small units."""
    by = (AllocationSlip.allocation_id, AllocationSlip.member_id)
    used: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for allocation_id, member_id, amount in session.execute(select(*by, func.sum(AllocationSlip.amount)).group_by(*by)):
        used[allocation_id][member_id] = int(amount)
    return used


def _mirrors(reversal: _ChargeRow, charge: _ChargeRow) -> bool:
    return reversal.reverses_id == charge.id and reversal.cents == -charge.cents


def _sums(session: Session, by: MappedInt, cents: MappedInt) -> defaultdict[int, int]:
    rows = session.execute(select(by, func.sum(cents)).group_by(by))
    return defaultdict(int, {key: int(total) for key, total in rows})


def _finding(code: str, **facts: object) -> AuditFinding:
    return AuditFinding(code, facts)
