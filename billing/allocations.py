"""Posting an allocation, and reversing one. What is posted stays: the database refuses every change.

Verbs are given the session and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from billing.errors import AllocationNotFound, AlreadyReversed, StalePreview
from billing.events import AllocationPosted, AllocationReversed
from billing.figures import CostInPot, CountedSlip, Pot, Preview
from billing.limits import NOTE_LENGTH_MAX, require_text
from billing.models import (
    Allocation,
    AllocationCost,
    AllocationLine,
    AllocationPot,
    AllocationSlip,
)
from billing.pools import locked_pool
from billing.previews import preview_allocation
from booking.kernel import events
from booking.kernel.events import Actor


def post_allocation(
    session: Session,
    pool_id: int,
    period_from: date,
    period_until: date,
    *,
    digest: str,
    by: Actor,
    now: datetime,
    note: str = "",
) -> Allocation:
    """Post what the treasurer saw in the preview that this digest names; computed anew, under a lock.

    Raises StalePreview when the figures changed in between, and all that preview_allocation raises.
    """
    locked_pool(session, pool_id)
    require_text("note", note, NOTE_LENGTH_MAX)
    preview = preview_allocation(session, pool_id, period_from, period_until)
    if preview.digest != digest:
        raise StalePreview
    allocation = Allocation(
        pool_id=pool_id,
        period_from=period_from,
        period_until=period_until,
        total_cents=preview.total_cents,
        posted_at=now,
        posted_by=by.user_id,
        note=note.strip(),
    )
    session.add(allocation)
    session.flush()
    _post_figures(session, allocation.id, preview)
    posted = AllocationPosted(allocation.id, pool_id, preview.total_cents)
    events.record(session, posted, by=by, at=now)
    return allocation


def reverse_allocation(session: Session, allocation_id: int, reason: str, *, by: Actor, now: datetime) -> Allocation:
    """Post the exact mirror of an allocation, linked to it; its costs wait for a new allocation again.

    Raises AllocationNotFound, AlreadyReversed, WrongText (no reason).
    """
    pool_id = session.scalar(select(Allocation.pool_id).where(Allocation.id == allocation_id))
    if pool_id is None:
        raise AllocationNotFound(id=allocation_id)
    locked_pool(session, pool_id)
    require_text("reason", reason, NOTE_LENGTH_MAX, shortest=1)
    original = session.get_one(Allocation, allocation_id, populate_existing=True)
    is_reversed = session.scalar(select(exists().where(Allocation.reverses_id == allocation_id)))
    if original.reverses_id is not None or is_reversed:
        raise AlreadyReversed(id=allocation_id)
    reversal = Allocation(
        pool_id=pool_id,
        period_from=original.period_from,
        period_until=original.period_until,
        total_cents=-original.total_cents,
        posted_at=now,
        posted_by=by.user_id,
        reverses_id=original.id,
        note=reason.strip(),
    )
    session.add(reversal)
    session.flush()
    _post_mirror(session, original.id, reversal.id)
    reversed_ = AllocationReversed(reversal.id, original.id, pool_id, reversal.total_cents)
    events.record(session, reversed_, by=by, at=now)
    return reversal


def _post_figures(session: Session, allocation_id: int, preview: Preview) -> None:
    of_it = {"allocation_id": allocation_id}
    _insert(session, AllocationPot, [of_it | _pot_row(pot) for pot in preview.pots])
    lines = [of_it | asdict(line) | {"pot": pot.pot} for pot in preview.pots for line in pot.lines]
    _insert(session, AllocationLine, lines)
    _insert(session, AllocationCost, [of_it | _cost_row(cost) for cost in preview.costs])
    _insert(session, AllocationSlip, [of_it | _slip_row(slip) for slip in preview.slips])


def _pot_row(pot: Pot) -> dict[str, Any]:
    row = asdict(pot) | {"kinds": list(pot.kinds)}
    del row["lines"]
    return row


def _cost_row(cost: CostInPot) -> dict[str, Any]:
    facts = asdict(cost) | {"service_date": cost.service_date.isoformat()}
    return {"cost_id": facts.pop("cost_id"), "net_cents": facts.pop("net_cents"), "facts": facts}


def _slip_row(slip: CountedSlip) -> dict[str, Any]:
    facts = {"service_date": slip.service_date.isoformat()}
    return {"usage_id": slip.usage_id, "member_id": slip.member_id, "amount": slip.amount, "facts": facts}


def _post_mirror(session: Session, original_id: int, reversal_id: int) -> None:
    """The same pots, lines and costs with the opposite sign; weights and facts as they were."""
    for table, figure in ((AllocationPot, "cents"), (AllocationLine, "cents"), (AllocationCost, "net_cents")):
        columns = table.__table__.columns
        mirrored = [
            dict(row._mapping) | {"allocation_id": reversal_id, figure: -row._mapping[figure]}
            for row in session.execute(select(*columns).where(columns.allocation_id == original_id))
        ]
        _insert(session, table, mirrored)


def _insert(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), rows)
