"""Audits of the money: what must never be found. Each returns what it found; `ring check` tells of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.allocation import split_cents
from billing.models import Allocation, AllocationCost, AllocationLine, AllocationPot, AllocationSlip, Charge
from billing.tariffs import Terms, Working, price_cents

BATCH = 1_000

MappedInt = InstrumentedAttribute[int]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The books do not agree with themselves. facts: ids, pot numbers and cents, by the code in `what`.

    sums_differ (allocation_id, sums), allocation_mirror (allocation_id, reverses_id), division and weights
    (allocation_id, pot), working (charge_id), gap (usage_id, number), charge_mirror (charge_id, reverses_id).
    """

    what: str
    facts: dict[str, object]


def broken_allocations(session: Session) -> Iterator[Contradiction]:
    """Costs, pots and lines of every allocation agree to the cent; lines follow from weights; reversals mirror."""
    pots = _sums(session, AllocationPot.allocation_id, AllocationPot.cents)
    lines = _sums(session, AllocationLine.allocation_id, AllocationLine.cents)
    costs = _sums(session, AllocationCost.allocation_id, AllocationCost.net_cents)
    totals: dict[int, int] = {}
    for posted in session.scalars(select(Allocation).order_by(Allocation.id)):
        totals[posted.id] = posted.total_cents
        sums = {pots[posted.id], lines[posted.id], costs[posted.id], posted.total_cents}
        if len(sums) > 1:
            yield _contradiction("sums_differ", allocation_id=posted.id, sums=sorted(sums))
        if posted.reverses_id is not None and totals.get(posted.reverses_id) != -posted.total_cents:
            yield _contradiction("allocation_mirror", allocation_id=posted.id, reverses_id=posted.reverses_id)
    yield from _broken_pots(session)


def broken_charges(session: Session) -> Iterator[Contradiction]:
    """Every charge follows from its own working; the rows of a slip alternate between charge and reversal."""
    statement = select(Charge).order_by(Charge.usage_id, Charge.number).execution_options(yield_per=BATCH)
    previous: Charge | None = None
    with closing(session.scalars(statement)) as rows:
        for row in rows:
            yield from _doubts_about(row, previous if previous and previous.usage_id == row.usage_id else None)
            previous = row


def _doubts_about(row: Charge, previous: Charge | None) -> Iterator[Contradiction]:
    """previous: the row before it of the same slip."""
    if _recomputed(Working.of_facts(row.working)) != abs(row.cents):
        yield _contradiction("working", charge_id=row.id)
    if row.number != (previous.number + 1 if previous else 1):
        yield _contradiction("gap", usage_id=row.usage_id, number=row.number)
    elif row.reverses_id is not None and previous is not None and not _mirrors(row, previous):
        yield _contradiction("charge_mirror", charge_id=row.id, reverses_id=row.reverses_id)


def _broken_pots(session: Session) -> Iterator[Contradiction]:
    """Each pot divided anew gives the lines that were posted, and weights by use are those of the slips."""
    used = _used_by_allocation(session)
    pots = session.scalars(select(AllocationPot).order_by(AllocationPot.allocation_id, AllocationPot.pot)).all()
    for pot in pots:
        of_pot = (AllocationLine.allocation_id == pot.allocation_id, AllocationLine.pot == pot.pot)
        lines = session.scalars(select(AllocationLine).where(*of_pot)).all()
        weights = {line.member_id: line.weight for line in lines}
        divided = split_cents(pot.cents, weights) if sum(weights.values()) else {}
        if divided != {line.member_id: line.cents for line in lines}:
            yield _contradiction("division", allocation_id=pot.allocation_id, pot=pot.pot)
        counted = {member_id: used[pot.allocation_id].get(member_id) for member_id in weights}
        if pot.key == "use" and any(counted.values()) and counted != weights:
            yield _contradiction("weights", allocation_id=pot.allocation_id, pot=pot.pot)


def _used_by_allocation(session: Session) -> defaultdict[int, dict[int, int]]:
    """Allocation id -> member id -> what its slips add up to, in small units."""
    by = (AllocationSlip.allocation_id, AllocationSlip.member_id)
    used: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for allocation_id, member_id, amount in session.execute(select(*by, func.sum(AllocationSlip.amount)).group_by(*by)):
        used[allocation_id][member_id] = int(amount)
    return used


def _recomputed(working: Working) -> int:
    terms = Terms(
        unit_price=working.unit_price,
        small_per_unit=working.small_per_unit,
        step_amount=working.step_amount,
        minimum_amount=working.minimum_amount,
        minimum_cents=working.minimum_cents,
        basis=working.basis,
    )
    return price_cents(terms, working.used_amount, working.booked_amount).cents


def _mirrors(reversal: Charge, charge: Charge) -> bool:
    return reversal.reverses_id == charge.id and reversal.cents == -charge.cents


def _sums(session: Session, by: MappedInt, figure: MappedInt) -> defaultdict[int, int]:
    rows = session.execute(select(by, func.sum(figure)).group_by(by))
    return defaultdict(int, {key: int(cents) for key, cents in rows})


def _contradiction(what: str, **facts: object) -> Contradiction:
    return Contradiction(what, facts)
