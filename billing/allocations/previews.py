"""The preview of an allocation: cost groups, each member's part and the reasons. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date

from sqlalchemy.orm import Session

from billing.allocations.bearers import Bearers, Weights
from billing.allocations.counting import counted_for
from billing.allocations.key_weights import KeyWeights
from billing.allocations.preview_models import CostGroup, CountedSlip, GroupedCost, Line, Preview, bearer_ids
from billing.allocations.preview_warnings import (
    bearer_warnings,
    counting_warnings,
    history_warnings,
    meter_warnings,
    slip_warnings,
)
from billing.errors.money_errors import NothingToAllocate, NothingUsed, PoolNotFound, UnknownKind
from billing.limits import require_period
from billing.models import Cost, Pool
from billing.pools.pools import OWN, USE
from billing.pools.scopes import pieces_of
from billing.pools.unallocated import unallocated_costs
from billing.split import has_rounding_cent, split_cents
from booking import queries
from booking.kernel.progress import tracked
from booking.queries import CountedUse

# The slips are read, and put into the digest: the steps of the progress.
PASSES = 2
SLIPS_MAX = 10_000_000  # more cannot be counted in a preview

CostsByWeights = dict[tuple[str, Weights], list[Cost]]


def preview_allocation(session: Session, pool_id: int, period_from: date, period_until: date) -> Preview:
    """Divide the unallocated costs of a period by the keys of that period.

    Late costs are divided in the same way: by the use and the shares of the period they belong to.

    Raises PoolNotFound, WrongPeriod, NothingToAllocate, NothingUsed (a group has costs and no weights),
    MixedUnits, UnknownKind, CapTooLow.
    """
    require_period(period_from, period_until)
    pool = _pool_of(session, pool_id)
    costs = _costs_of(session, pool_id, period_from, period_until)
    bearers = Bearers(session, pool_id, excludes_guests=pool.excludes_guests)
    every_slip = _uses(session, pool, (period_from, period_until))
    slips = bearers.counted(every_slip)
    counted = [slip for slip in slips if slip.used_amount is not None]
    keys = KeyWeights(session, pool_id, bearers, counted, (period_from, period_until))
    in_order = _in_order(pool, _by_weights(pool, costs, keys))
    groups, grouped_costs = _grouped(in_order, keys)
    by_period = [number for number, ((_key, weights), _costs) in enumerate(in_order, start=1) if weights.is_by_period]
    is_by_use = any(group.looks_at(USE) for group in groups)
    against = counted_for(session, pool, period_from, period_until, bearer_ids(groups))
    preview = Preview(
        pool_id=pool_id,
        machine_id=pool.machine_id,
        counts_machine=pool.counts_machine,
        period_from=period_from,
        period_until=period_until,
        total_cents=sum(cost.net_cents for cost in costs),
        groups=groups,
        costs=grouped_costs,
        slips=tuple(_counted_slip(slip) for slip in counted) if is_by_use else (),
        groups_by_period=tuple(by_period),
        charges=against.charges,
        advances=against.advances,
        warnings=(),
        digest="",
    )
    warnings = (*slip_warnings(slips if is_by_use else ()), *bearer_warnings(session, preview, bearers, every_slip))
    later = (*meter_warnings(keys.unread), *history_warnings(session, preview), *counting_warnings(against))
    return replace(_with_digest(preview), warnings=warnings + later)


def _pool_of(session: Session, pool_id: int) -> Pool:
    pool = session.get(Pool, pool_id)
    if pool is None:
        raise PoolNotFound(id=pool_id)
    return pool


def _uses(session: Session, pool: Pool, period: tuple[date, date]) -> tuple[CountedUse, ...]:
    """Return the uses that a pool counts, by slip."""
    found: list[CountedUse] = []
    pieces = pieces_of(session, pool, *period)
    for one in pieces:
        place = (one.machine_ids, one.first, one.last)
        steps = PASSES * queries.count_uses(session, *place, at_most=SLIPS_MAX)
        found += queries.counted_uses(session, *place, steps=steps)
    return tuple(sorted(found, key=lambda use: use.usage_id)) if len(pieces) > 1 else tuple(found)


def _costs_of(session: Session, pool_id: int, period_from: date, period_until: date) -> list[Cost]:
    within = Cost.service_date.between(period_from, period_until)
    costs = list(session.scalars(unallocated_costs(pool_id).where(within).order_by(Cost.service_date, Cost.id)))
    if not costs:
        raise NothingToAllocate(pool_id=pool_id)
    return costs


def _by_weights(pool: Pool, costs: Iterable[Cost], keys: KeyWeights) -> CostsByWeights:
    """Collect the costs that have the same key and the same weights."""
    groups: CostsByWeights = {}
    for cost in costs:
        key = pool.rules.get(cost.kind)
        if key is None:
            raise UnknownKind(kind=cost.kind, kinds=list(pool.rules))
        groups.setdefault((key, keys.of(key, cost.service_date)), []).append(cost)
    return groups


def _in_order(pool: Pool, by_weights: CostsByWeights) -> list[tuple[tuple[str, Weights], list[Cost]]]:
    """Return the cost groups in the order of the pool's rules and of their first cost."""
    keys = list(dict.fromkeys(pool.rules.values()))
    return sorted(by_weights.items(), key=lambda group: (keys.index(group[0][0]), group[1][0].service_date))


def _grouped(
    in_order: Iterable[tuple[tuple[str, Weights], list[Cost]]], keys: KeyWeights
) -> tuple[tuple[CostGroup, ...], tuple[GroupedCost, ...]]:
    """Return the cost groups and the costs in them."""
    groups, grouped_costs = [], []
    for number, ((key, weights), group_costs) in enumerate(in_order, start=1):
        unit = keys.unit() if key == USE else ""
        groups.append(_group(number, key if weights.working is None else OWN, weights, group_costs, unit))
        grouped_costs += [_grouped_cost(cost, number) for cost in group_costs]
    return tuple(groups), tuple(sorted(grouped_costs, key=lambda cost: (cost.service_date, cost.cost_id)))


def _group(number: int, key: str, by: Weights, costs: list[Cost], charge_unit: str) -> CostGroup:
    cents, weights, amounts = sum(cost.net_cents for cost in costs), dict(by.by_member), dict(by.amounts)
    weight_sum = sum(weights.values())
    if weight_sum == 0 and cents != 0:
        raise NothingUsed(total_cents=cents, key=key)
    parts = split_cents(cents, weights) if weight_sum else {}
    lines = (
        Line(one, weights[one], part, has_rounding_cent(cents, weights[one], weight_sum, part), amounts.get(one, ()))
        for one, part in sorted(parts.items())
    )
    return CostGroup(
        number=number,
        key=key,
        kinds=tuple(dict.fromkeys(cost.kind for cost in costs)),
        shares_on=None if key in (USE, OWN) else costs[0].service_date,
        charge_unit=charge_unit,
        cents=cents,
        weight_sum=weight_sum,
        lines=tuple(lines),
        working=by.working,
    )


def _grouped_cost(cost: Cost, number: int) -> GroupedCost:
    return GroupedCost(cost.id, number, cost.service_date, cost.supplier, cost.kind, cost.document, cost.net_cents)


def _counted_slip(slip: CountedUse) -> CountedSlip:
    return CountedSlip(slip.usage_id, slip.member_id, slip.service_date, slip.used_amount or 0)


def _with_digest(preview: Preview) -> Preview:
    """Return the preview with a digest over everything that will be posted (of what is many, one by one)."""
    content = asdict(replace(preview, slips=(), charges=(), advances=()))
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode())
    for slip in tracked(preview.slips, PASSES * len(preview.slips), before=len(preview.slips)):
        digest.update(f"{slip.usage_id},{slip.member_id},{slip.service_date},{slip.amount};".encode())
    for counted in (*preview.charges, *preview.advances):
        digest.update("{},{},{};".format(*counted).encode())
    return replace(preview, digest=digest.hexdigest())
