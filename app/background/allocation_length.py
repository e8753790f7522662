"""How long an allocation takes, by the slips that it reads."""

from __future__ import annotations

from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.queries.pool_counts import counted_pieces
from booking.queries import count_uses

SLIPS_AT_ONCE = 40_000  # on a small machine two seconds


def is_long_allocation(session: Session, pool_id: int, period: Period) -> bool:
    """Return whether an allocation of a period reads so many slips that a request would wait too long for it."""
    found = 0
    for one in counted_pieces(session, pool_id, period):
        found += count_uses(session, one.machine_ids, one.first, one.last, at_most=SLIPS_AT_ONCE + 1)
    return found > SLIPS_AT_ONCE
