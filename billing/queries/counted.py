"""What allocations counted against the shares of members: charges and advances."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from billing.ledger.posting import ADVANCES
from billing.models import AllocationAdvance, AllocationCharge, LedgerAccount, Pool, Posting
from billing.pools.pools import ADVANCE
from billing.pools.scopes import overlap, pieces_of


def counted_cents(session: Session, allocation_id: int, member_ids: Collection[int] | None = None) -> dict[int, int]:
    """Return member id -> cents that an allocation counts against the share; only of some members, or of all."""
    counted: dict[int, int] = {}
    for model in (AllocationCharge, AllocationAdvance):
        statement = select(model.member_id, func.sum(model.cents)).where(model.allocation_id == allocation_id)
        if member_ids is not None:
            statement = statement.where(model.member_id.in_(member_ids))
        for member_id, cents in session.execute(statement.group_by(model.member_id)):
            counted[member_id] = counted.get(member_id, 0) + int(cents)
    return counted


def uncounted_cents(session: Session, pool_id: int) -> int:
    """Return what was posted as advances for the machines of a pool and no allocation has counted.

    It is left on their account. 0 while another pool counts the charges of one of the machines: that one will.
    """
    pool = session.get_one(Pool, pool_id)
    pieces = pieces_of(session, pool)
    counting = session.scalars(select(Pool).where(Pool.charges_are == ADVANCE, Pool.id != pool_id)).all()
    if any(overlap(pieces, pieces_of(session, other)) for other in counting):
        return 0
    is_of_pool: ColumnElement[bool] = Posting.machine_id.in_(
        sorted(frozenset().union(*(one.machine_ids for one in pieces)))
    )
    if not pool.counts_machine:
        is_of_pool = or_(is_of_pool, Posting.pool_id == pool_id)
    left = (
        select(func.sum(-Posting.cents))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.code == ADVANCES, is_of_pool)
    )
    return int(session.scalar(left) or 0)
