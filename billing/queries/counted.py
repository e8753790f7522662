"""What allocations counted against the shares of members: charges and advances."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import AllocationAdvance, AllocationCharge


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
