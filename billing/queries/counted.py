"""What allocations counted against the shares of members: charges and advances."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from billing.ledger.posting import ADVANCES
from billing.models import AllocationAdvance, AllocationCharge, LedgerAccount, Pool, Posting


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


def uncounted_cents(session: Session, machine_id: int) -> int:
    """Return what was posted as advances for a machine and no allocation has counted: it is left on their account.

    0 while a pool of the machine counts its charges: that one will.
    """
    counts = exists().where(Pool.machine_id == machine_id, Pool.charges_are == "advance")
    left = (
        select(func.sum(-Posting.cents))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.code == ADVANCES, Posting.machine_id == machine_id, ~counts)
    )
    return int(session.scalar(left) or 0)
