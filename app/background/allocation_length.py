"""How long an allocation takes, by the slips that it reads."""

from __future__ import annotations

from sqlalchemy.orm import Session

from billing.periods import Period
from booking.queries import count_uses

SLIPS_AT_ONCE = 40_000  # on a small machine two seconds


def is_long_allocation(session: Session, machine_id: int, period: Period) -> bool:
    """Return whether an allocation of a period reads so many slips that a request would wait too long for it."""
    return count_uses(session, machine_id, *period, at_most=SLIPS_AT_ONCE + 1) > SLIPS_AT_ONCE
