"""Slips that could not be priced because an error happened, and have not been priced since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import Charge, Unpriced
from billing.subscribers import CHARGES
from booking import queries
from booking.kernel.deliveries import deliver, failed_events, retry_failures


def failed_slips(session: Session, until: date) -> tuple[int, ...]:
    """Return the slips of days of service until a day whose pricing failed last; a few, by id. Reads only.

    Whoever mends what was wrong, for instance answers an objection with another amount, has the slip priced by another
    event: the failure of the former one means nothing any more.
    """
    return tuple(sorted({slip for slip in _failed(session) if queries.usage_slip(session, slip).service_date <= until}))


def price_again(session: Session, *, now: datetime) -> int:
    """Try once more to price every slip on which pricing failed; return how many were priced.

    They are posted as if they were priced for the first time: today where their period takes no more entries.
    Call inside write_transaction().
    """
    before = retry_failures(session, CHARGES, now=now)
    if not before:
        return 0
    deliver(session, CHARGES, now=now, limit=before)
    return before - len(failed_events(session, CHARGES))


def _failed(session: Session) -> Iterator[int]:
    last_tries: dict[int, datetime] = {}
    for event, failed_at in failed_events(session, CHARGES):
        last_tries[event.facts["usage_id"]] = failed_at
    settled = _settled_at(session, last_tries)
    yield from (slip for slip, at in last_tries.items() if slip not in settled or settled[slip] < at)


def _settled_at(session: Session, usage_ids: dict[int, datetime]) -> dict[int, datetime]:
    """Return when each slip was last priced, or noted as one that no tariff prices."""
    if not usage_ids:
        return {}
    charged = select(Charge.usage_id, func.max(Charge.created_at).label("at")).where(Charge.usage_id.in_(usage_ids))
    noted = select(Unpriced.usage_id, Unpriced.noted_at).where(Unpriced.usage_id.in_(usage_ids))
    found = {row.usage_id: row.at for row in session.execute(charged.group_by(Charge.usage_id))}
    for usage_id, at in session.execute(noted):
        found[usage_id] = max(at, found.get(usage_id, at))
    return found
