"""The job that fixes the fees of missed reservations whose time is over."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from billing.fees import missed
from billing.subscribers import FEES
from booking.kernel.transaction import in_own_transactions


def fix_fees(session: Session) -> int:
    """Fix each fee in its own transaction; one that is fixed is left alone, so that a crash repeats nothing."""
    moment = now()
    found = missed.due(session, now=moment)
    session.rollback()
    return in_own_transactions(session, (partial(missed.fix_fee, session, one, by=FEES, now=moment) for one in found))
