"""What an allocation would be: its pots, what each member bears and why. Reads only; allocations.py posts it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocation import has_rounding_cent, split_cents
from billing.errors import MixedUnits, NothingToAllocate, NothingUsed, PoolNotFound, UnknownKind
from billing.figures import CostInPot, CountedSlip, Line, Pot, Preview, Remark
from billing.limits import require_period
from billing.models import Allocation, Cost, Pool
from billing.pools import HEAD, SHARES, USE, counts, waiting_costs
from billing.shares import holders_on
from booking import queries
from booking.queries import CountedUse

Weights = tuple[tuple[int, int], ...]  # member id and weight, in order of the ids

UNLIKE_FACTOR = 5  # a total this many times the last one, or a part of it, deserves a second look


def preview_allocation(session: Session, pool_id: int, period_from: date, period_until: date) -> Preview:
    """Divide the costs of a period that wait, by the keys of that period.

    Costs that come late are divided in the same way: by the use and the shares of the period they belong to.

    Raises PoolNotFound, WrongPeriod, NothingToAllocate, NothingUsed (a pot has costs and no weights),
    MixedUnits, UnknownKind.
    """
    require_period(period_from, period_until)
    pool = session.get(Pool, pool_id)
    if pool is None:
        raise PoolNotFound(id=pool_id)
    costs = _costs_of(session, pool_id, period_from, period_until)
    slips = queries.counted_uses(session, pool.machine_id, period_from, period_until)
    counted = [slip for slip in slips if slip.used_amount is not None]
    pots, costs_in_pots = _fill_pots(session, pool, costs, counted)
    is_by_use = any(pot.key == USE for pot in pots)
    total = sum(cost.net_cents for cost in costs)
    return _sealed(
        Preview(
            pool_id=pool_id,
            machine_id=pool.machine_id,
            period_from=period_from,
            period_until=period_until,
            total_cents=total,
            pots=pots,
            costs=costs_in_pots,
            slips=tuple(_counted(slip) for slip in counted) if is_by_use else (),
            remarks=(
                *_remarks_on_slips(slips if is_by_use else ()),
                *_remarks_on_past(session, pool_id, period_from, period_until, total),
            ),
            digest="",
        )
    )


def _costs_of(session: Session, pool_id: int, period_from: date, period_until: date) -> list[Cost]:
    within = Cost.service_date.between(period_from, period_until)
    costs = list(session.scalars(waiting_costs(pool_id).where(within).order_by(Cost.service_date, Cost.id)))
    if not costs:
        raise NothingToAllocate(pool_id=pool_id)
    return costs


def _fill_pots(
    session: Session, pool: Pool, costs: list[Cost], slips: list[CountedUse]
) -> tuple[tuple[Pot, ...], tuple[CostInPot, ...]]:
    """Pots stand in the order of the rules, then of their first cost."""
    groups = _grouped(session, pool, costs, _used_by_member(slips))
    keys = list(dict.fromkeys(pool.rules.values()))
    in_order = sorted(groups.items(), key=lambda group: (keys.index(group[0][0]), group[1][0].service_date))
    pots, in_pots = [], []
    for number, ((key, divided_by), its_costs) in enumerate(in_order, start=1):
        pots.append(_pot(number, key, dict(divided_by), its_costs, _unit_of(slips) if key == USE else ""))
        in_pots += [_cost_in_pot(cost, number) for cost in its_costs]
    return tuple(pots), tuple(sorted(in_pots, key=lambda cost: (cost.service_date, cost.cost_id)))


def _grouped(
    session: Session, pool: Pool, costs: Iterable[Cost], used: Mapping[int, int]
) -> dict[tuple[str, Weights], list[Cost]]:
    """Costs with the same key and the same weights belong together."""
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
    """Shares, or one for each head. Heads are those who hold shares; without any, those who used the machine."""
    if key == SHARES:
        return dict(held)
    assert key == HEAD
    heads = held or {member_id: amount for member_id, amount in used.items() if amount > 0}
    return dict.fromkeys(heads, 1)


def _pot(number: int, key: str, weights: Mapping[int, int], costs: list[Cost], charge_unit: str) -> Pot:
    cents = sum(cost.net_cents for cost in costs)
    weight_sum = sum(weights.values())
    if weight_sum == 0 and cents != 0:
        raise NothingUsed(total_cents=cents, key=key)
    shares = split_cents(cents, weights) if weight_sum else {}
    lines = (
        Line(member_id, weights[member_id], borne, has_rounding_cent(cents, weights[member_id], weight_sum, borne))
        for member_id, borne in sorted(shares.items())
    )
    return Pot(
        pot=number,
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


def _cost_in_pot(cost: Cost, pot: int) -> CostInPot:
    return CostInPot(cost.id, pot, cost.service_date, cost.supplier, cost.kind, cost.document, cost.net_cents)


def _counted(slip: CountedUse) -> CountedSlip:
    return CountedSlip(slip.usage_id, slip.member_id, slip.service_date, slip.used_amount or 0)


def _remarks_on_slips(slips: Iterable[CountedUse]) -> Iterable[Remark]:
    still_out = disputed = 0
    for slip in slips:
        still_out += slip.used_amount is None
        disputed += slip.is_disputed
    if still_out:
        yield Remark("still_out", count=still_out)
    if disputed:
        yield Remark("disputed", count=disputed)


def _remarks_on_past(
    session: Session, pool_id: int, period_from: date, period_until: date, total_cents: int
) -> Iterable[Remark]:
    counting = select(Allocation).where(Allocation.pool_id == pool_id, counts())
    overlapping = counting.where(Allocation.period_from <= period_until, Allocation.period_until >= period_from)
    if session.scalars(overlapping.limit(1)).first() is not None:
        yield Remark("late_cost")
        return
    last = session.scalar(counting.with_only_columns(Allocation.total_cents).order_by(Allocation.id.desc()).limit(1))
    if last and not abs(last) < abs(total_cents) * UNLIKE_FACTOR < abs(last) * UNLIKE_FACTOR**2:
        yield Remark("unlike_last", last_cents=last)


def _sealed(preview: Preview) -> Preview:
    """The preview with its digest, over every figure that will be posted (not over the remarks)."""
    figures = asdict(replace(preview, slips=(), remarks=(), digest=""))
    chain = hashlib.sha256(json.dumps(figures, sort_keys=True, separators=(",", ":"), default=str).encode())
    for slip in preview.slips:
        chain.update(f"{slip.usage_id},{slip.member_id},{slip.service_date},{slip.amount};".encode())
    return replace(preview, digest=chain.hexdigest())
