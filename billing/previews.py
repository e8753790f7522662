"""The preview of an allocation: cost groups, each member's part and the reasons. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors import MixedUnits, NothingToAllocate, NothingUsed, PoolNotFound, UnknownKind
from billing.limits import require_period
from billing.models import Allocation, Cost, Pool
from billing.pools import HEAD, SHARES, USE, is_effective, unallocated_costs
from billing.preview_models import CostGroup, CountedSlip, GroupedCost, Line, Preview, PreviewWarning
from billing.shares import holders_on
from billing.split import has_rounding_cent, split_cents
from booking import queries
from booking.queries import CountedUse

Weights = tuple[tuple[int, int], ...]  # (member id, weight), ordered by member id

UNLIKE_FACTOR = 5  # a total that differs from the last one by this factor gets a warning


def preview_allocation(session: Session, pool_id: int, period_from: date, period_until: date) -> Preview:
    """Divide the unallocated costs of a period by the keys of that period.

    Late costs are divided in the same way: by the use and the shares of the period they belong to.

    Raises PoolNotFound, WrongPeriod, NothingToAllocate, NothingUsed (a group has costs and no weights),
    MixedUnits, UnknownKind.
    """
    require_period(period_from, period_until)
    pool = session.get(Pool, pool_id)
    if pool is None:
        raise PoolNotFound(id=pool_id)
    costs = _costs_of(session, pool_id, period_from, period_until)
    slips = queries.counted_uses(session, pool.machine_id, period_from, period_until)
    counted = [slip for slip in slips if slip.used_amount is not None]
    groups, grouped_costs = _grouped(session, pool, costs, counted)
    is_by_use = any(group.key == USE for group in groups)
    total = sum(cost.net_cents for cost in costs)
    return _with_digest(
        Preview(
            pool_id=pool_id,
            machine_id=pool.machine_id,
            period_from=period_from,
            period_until=period_until,
            total_cents=total,
            groups=groups,
            costs=grouped_costs,
            slips=tuple(_counted_slip(slip) for slip in counted) if is_by_use else (),
            warnings=(
                *_slip_warnings(slips if is_by_use else ()),
                *_history_warnings(session, pool_id, period_from, period_until, total),
            ),
            digest="",
        )
    )


def _costs_of(session: Session, pool_id: int, period_from: date, period_until: date) -> list[Cost]:
    within = Cost.service_date.between(period_from, period_until)
    costs = list(session.scalars(unallocated_costs(pool_id).where(within).order_by(Cost.service_date, Cost.id)))
    if not costs:
        raise NothingToAllocate(pool_id=pool_id)
    return costs


def _grouped(
    session: Session, pool: Pool, costs: list[Cost], slips: list[CountedUse]
) -> tuple[tuple[CostGroup, ...], tuple[GroupedCost, ...]]:
    """Return the cost groups, in the order of the pool's rules and of their first cost, and the costs in them."""
    by_weights = _by_weights(session, pool, costs, _used_by_member(slips))
    keys = list(dict.fromkeys(pool.rules.values()))
    in_order = sorted(by_weights.items(), key=lambda group: (keys.index(group[0][0]), group[1][0].service_date))
    groups, grouped_costs = [], []
    for number, ((key, weights), group_costs) in enumerate(in_order, start=1):
        groups.append(_group(number, key, dict(weights), group_costs, _unit_of(slips) if key == USE else ""))
        grouped_costs += [_grouped_cost(cost, number) for cost in group_costs]
    return tuple(groups), tuple(sorted(grouped_costs, key=lambda cost: (cost.service_date, cost.cost_id)))


def _by_weights(
    session: Session, pool: Pool, costs: Iterable[Cost], used: Mapping[int, int]
) -> dict[tuple[str, Weights], list[Cost]]:
    """Collect the costs that have the same key and the same weights."""
    held: dict[date, dict[int, int]] = {}
    groups: dict[tuple[str, Weights], list[Cost]] = {}
    for cost in costs:
        key = pool.rules.get(cost.kind)
        if key is None:
            raise UnknownKind(kind=cost.kind, kinds=list(pool.rules))
        if key != USE and cost.service_date not in held:
            held[cost.service_date] = holders_on(session, pool.id, cost.service_date)
        weights = used if key == USE else _weights(key, held[cost.service_date], used)
        groups.setdefault((key, tuple(sorted(weights.items()))), []).append(cost)
    return groups


def _weights(key: str, held: Mapping[int, int], used: Mapping[int, int]) -> dict[int, int]:
    """Return the shares, or one per head: of the members who hold shares, else of those who used the machine."""
    if key == SHARES:
        return dict(held)
    assert key == HEAD
    heads = held or {member_id: amount for member_id, amount in used.items() if amount > 0}
    return dict.fromkeys(heads, 1)


def _group(number: int, key: str, weights: Mapping[int, int], costs: list[Cost], charge_unit: str) -> CostGroup:
    cents = sum(cost.net_cents for cost in costs)
    weight_sum = sum(weights.values())
    if weight_sum == 0 and cents != 0:
        raise NothingUsed(total_cents=cents, key=key)
    parts = split_cents(cents, weights) if weight_sum else {}
    lines = (
        Line(member_id, weights[member_id], part, has_rounding_cent(cents, weights[member_id], weight_sum, part))
        for member_id, part in sorted(parts.items())
    )
    return CostGroup(
        number=number,
        key=key,
        kinds=tuple(dict.fromkeys(cost.kind for cost in costs)),
        shares_on=None if key == USE else costs[0].service_date,
        charge_unit=charge_unit,
        cents=cents,
        weight_sum=weight_sum,
        lines=tuple(lines),
    )


def _unit_of(slips: list[CountedUse]) -> str:
    units = sorted({slip.charge_unit for slip in slips})
    if len(units) > 1:
        raise MixedUnits(units=units)
    return units[0] if units else ""


def _used_by_member(slips: Iterable[CountedUse]) -> dict[int, int]:
    used: dict[int, int] = {}
    for slip in slips:
        used[slip.member_id] = used.get(slip.member_id, 0) + (slip.used_amount or 0)
    return used


def _grouped_cost(cost: Cost, number: int) -> GroupedCost:
    return GroupedCost(cost.id, number, cost.service_date, cost.supplier, cost.kind, cost.document, cost.net_cents)


def _counted_slip(slip: CountedUse) -> CountedSlip:
    return CountedSlip(slip.usage_id, slip.member_id, slip.service_date, slip.used_amount or 0)


def _slip_warnings(slips: Iterable[CountedUse]) -> Iterable[PreviewWarning]:
    still_out = disputed = 0
    for slip in slips:
        still_out += slip.used_amount is None
        disputed += slip.is_disputed
    if still_out:
        yield PreviewWarning("still_out", count=still_out)
    if disputed:
        yield PreviewWarning("disputed", count=disputed)


def _history_warnings(
    session: Session, pool_id: int, period_from: date, period_until: date, total_cents: int
) -> Iterable[PreviewWarning]:
    effective = select(Allocation).where(Allocation.pool_id == pool_id, is_effective())
    overlapping = effective.where(Allocation.period_from <= period_until, Allocation.period_until >= period_from)
    if session.scalars(overlapping.limit(1)).first() is not None:
        yield PreviewWarning("late_cost")
        return
    last = session.scalar(effective.with_only_columns(Allocation.total_cents).order_by(Allocation.id.desc()).limit(1))
    if last and not abs(last) < abs(total_cents) * UNLIKE_FACTOR < abs(last) * UNLIKE_FACTOR**2:
        yield PreviewWarning("unlike_last", last_cents=last)


def _with_digest(preview: Preview) -> Preview:
    """Return the preview with a digest over everything that will be posted (not over the warnings)."""
    content = asdict(replace(preview, slips=(), warnings=(), digest=""))
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode())
    for slip in preview.slips:
        digest.update(f"{slip.usage_id},{slip.member_id},{slip.service_date},{slip.amount};".encode())
    return replace(preview, digest=digest.hexdigest())
