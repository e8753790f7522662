"""What an allocation counts against a member's share: charges of the machine, advances of the pool. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.allocations.preview_models import CountedAdvance, CountedCharge
from billing.models import Advance, AdvanceLine, Allocation, AllocationAdvance, AllocationCharge, Charge, Pool
from billing.pools.pools import ADVANCE
from billing.pools.scopes import pieces_of, within
from billing.pools.unallocated import is_effective
from booking.queries import GUEST_PRICE_CLASS


class Counted(NamedTuple):
    """What is counted. others: members with charges or advances who bear nothing, so that theirs are not counted.

    beyond: how many advances are not counted because their period lies only partly in this one.
    """

    charges: tuple[CountedCharge, ...]
    advances: tuple[CountedAdvance, ...]
    others: tuple[int, ...]
    beyond: int


NOTHING = Counted((), (), (), 0)


def counted_for(
    session: Session, pool: Pool, period_from: date, period_until: date, bearer_ids: Collection[int]
) -> Counted:
    """Return what an allocation of a period counts. Nothing where the charges of the pool are income.

    Charges by day of service, advances whose whole period lies in this one; each while no effective allocation counts
    it. Only of those who bear costs: whoever bears none has no share to count against.
    """
    if pool.charges_are != ADVANCE:
        return NOTHING
    charges = _charges(session, pool, period_from, period_until)
    advances = _advances(session, pool.id, period_from, period_until)
    return Counted(
        tuple(charge for charge in charges if charge.member_id in bearer_ids),
        tuple(advance for advance in advances if advance.member_id in bearer_ids),
        tuple(sorted({member_id for _id, member_id, _cents in (*charges, *advances)} - set(bearer_ids))),
        _beyond(session, pool.id, period_from, period_until),
    )


def _charges(session: Session, pool: Pool, period_from: date, period_until: date) -> list[CountedCharge]:
    is_counted = exists().where(
        AllocationCharge.charge_id == Charge.id, Allocation.id == AllocationCharge.allocation_id, is_effective()
    )
    pieces = pieces_of(session, pool, period_from, period_until)
    statement = (
        select(Charge.id, Charge.member_id, Charge.cents)
        .where(within(pieces, Charge.machine_id, Charge.service_date))
        .where(~is_counted, Charge.cents != 0)
        .order_by(Charge.id)
    )
    if pool.excludes_guests:
        statement = statement.where(Charge.price_class != GUEST_PRICE_CLASS)
    return [CountedCharge(*row) for row in session.execute(statement)]


def _advances(session: Session, pool_id: int, period_from: date, period_until: date) -> list[CountedAdvance]:
    is_counted = exists().where(
        AllocationAdvance.advance_id == AdvanceLine.advance_id,
        AllocationAdvance.member_id == AdvanceLine.member_id,
        Allocation.id == AllocationAdvance.allocation_id,
        is_effective(),
    )
    statement = (
        select(AdvanceLine.advance_id, AdvanceLine.member_id, AdvanceLine.cents)
        .join(Advance, Advance.id == AdvanceLine.advance_id)
        .where(Advance.pool_id == pool_id, Advance.period_from >= period_from, Advance.period_until <= period_until)
        .where(is_effective_advance(), ~is_counted)
        .order_by(AdvanceLine.advance_id, AdvanceLine.member_id)
    )
    return [CountedAdvance(*row) for row in session.execute(statement)]


def _beyond(session: Session, pool_id: int, period_from: date, period_until: date) -> int:
    """Count the advances of which only a part of the period lies in this one, and that nothing has counted yet."""
    is_counted = exists().where(
        AllocationAdvance.advance_id == Advance.id, Allocation.id == AllocationAdvance.allocation_id, is_effective()
    )
    overlaps = (Advance.period_from <= period_until) & (Advance.period_until >= period_from)
    lies_within = (Advance.period_from >= period_from) & (Advance.period_until <= period_until)
    statement = select(func.count()).select_from(Advance).where(Advance.pool_id == pool_id, overlaps, ~lies_within)
    return session.scalar(statement.where(is_effective_advance(), ~is_counted)) or 0


def is_effective_advance() -> ColumnElement[bool]:
    """Return a condition on Advance: it is neither a reversal nor reversed."""
    reversal = aliased(Advance)
    return Advance.reverses_id.is_(None) & ~exists().where(reversal.reverses_id == Advance.id)
