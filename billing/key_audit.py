"""Whether the weights of a cost group follow from what its own key measured."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.cost_errors import CapTooLow
from billing.errors import NothingUsed
from billing.keys import KeyPart, KeyTerms, own_weights
from billing.models import AllocationAmount, AllocationCostGroup
from billing.preview_models import Working


def follows_from_working(session: Session, group: AllocationCostGroup, weights: Mapping[int, int]) -> bool:
    """Return whether a cost group has no key of its own, or its weights are those that the stored amounts give."""
    if group.working is None:
        return True
    working = Working.from_json(group.working)
    statement = select(AllocationAmount).where(
        AllocationAmount.allocation_id == group.allocation_id, AllocationAmount.group_number == group.number
    )
    amounts: list[dict[int, int]] = [{} for _part in working.parts]
    for one in session.scalars(statement):
        amounts[one.part - 1][one.member_id] = one.amount
    parts = tuple(KeyPart(part.base, part.percent) for part in working.parts)
    try:
        return own_weights(KeyTerms(parts, working.minimum, working.cap), amounts) == dict(weights)
    except (NothingUsed, CapTooLow):
        return False
