"""Audits of the money: what must never be found. Each returns sentences for the operator; `ring check` tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.allocation import split_cents
from billing.models import Allocation, AllocationCost, AllocationLine, AllocationPot, AllocationSlip, Charge
from billing.tariffs import Terms, Working, price_cents

BATCH = 1_000

MappedInt = InstrumentedAttribute[int]


def broken_allocations(session: Session) -> Iterator[str]:
    """Costs, pots and lines of every allocation agree to the cent; lines follow from weights; reversals mirror."""
    pots = _sums(session, AllocationPot.allocation_id, AllocationPot.cents)
    lines = _sums(session, AllocationLine.allocation_id, AllocationLine.cents)
    costs = _sums(session, AllocationCost.allocation_id, AllocationCost.net_cents)
    totals: dict[int, int] = {}
    for posted in session.scalars(select(Allocation).order_by(Allocation.id)):
        totals[posted.id] = posted.total_cents
        found = {pots[posted.id], lines[posted.id], costs[posted.id], posted.total_cents}
        if len(found) > 1:
            yield f"allocation {posted.id}: costs, pots, lines and total are {sorted(found)} cents"
        if posted.reverses_id is not None and totals.get(posted.reverses_id) != -posted.total_cents:
            yield f"allocation {posted.id} is no mirror of {posted.reverses_id}"
    yield from _broken_pots(session)


def broken_charges(session: Session) -> Iterator[str]:
    """Every charge follows from its own working; the rows of a slip alternate between charge and reversal."""
    statement = select(Charge).order_by(Charge.usage_id, Charge.number).execution_options(yield_per=BATCH)
    previous: Charge | None = None
    with closing(session.scalars(statement)) as rows:
        for row in rows:
            yield from _doubts_about(row, previous if previous and previous.usage_id == row.usage_id else None)
            previous = row


def _doubts_about(row: Charge, previous: Charge | None) -> Iterator[str]:
    """previous: the row before it of the same slip."""
    if _recomputed(Working.of_facts(row.working)) != abs(row.cents):
        yield f"charge {row.id} does not follow from its working"
    if row.number != (previous.number + 1 if previous else 1):
        yield f"slip {row.usage_id} has a gap before row {row.number}"
    elif row.reverses_id is not None and previous is not None and not _mirrors(row, previous):
        yield f"charge {row.id} is no mirror of {row.reverses_id}"


def _broken_pots(session: Session) -> Iterator[str]:
    """Each pot divided anew gives the lines that were posted, and weights by use are those of the slips."""
    used: dict[tuple[int, int], int] = {
        (row.allocation_id, row.member_id): int(row.amount)
        for row in session.execute(
            select(
                AllocationSlip.allocation_id,
                AllocationSlip.member_id,
                func.sum(AllocationSlip.amount).label("amount"),
            ).group_by(AllocationSlip.allocation_id, AllocationSlip.member_id)
        )
    }
    pots = session.scalars(select(AllocationPot).order_by(AllocationPot.allocation_id, AllocationPot.pot)).all()
    for pot in pots:
        lines = session.scalars(
            select(AllocationLine).where(
                AllocationLine.allocation_id == pot.allocation_id, AllocationLine.pot == pot.pot
            )
        ).all()
        weights = {line.member_id: line.weight for line in lines}
        divided = split_cents(pot.cents, weights) if sum(weights.values()) else {}
        if divided != {line.member_id: line.cents for line in lines}:
            yield f"allocation {pot.allocation_id}: pot {pot.pot} does not divide into its lines"
        counted = {member_id: used.get((pot.allocation_id, member_id)) for member_id in weights}
        if pot.key == "use" and any(counted.values()) and counted != weights:
            yield f"allocation {pot.allocation_id}: the weights of pot {pot.pot} are not those of its slips"


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
