"""Posting and reversing allocations. Posted rows are append-only: the database refuses every change.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from billing.allocations.counting import counted_for
from billing.allocations.preview_models import CostGroup, Line, Preview
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import AllocationNotFound, AlreadyReversed, StalePreview
from billing.events import AllocationPosted, AllocationReversed
from billing.ledger.entries import post_allocation_entry
from billing.ledger.posting import lock_ledger
from billing.limits import NOTE_LENGTH_MAX, require_text
from billing.models import (
    Allocation,
    AllocationAdvance,
    AllocationAmount,
    AllocationCharge,
    AllocationCost,
    AllocationCostGroup,
    AllocationLine,
    AllocationSlip,
    MeteredAllocation,
    Pool,
)
from billing.pools.keys import METER
from billing.pools.pools import locked_pool
from booking.kernel import events, progress
from booking.kernel.events import Actor

# Of the time that posting takes, the rest is for the rows that are inserted.
READING_PER_CENT = 50
ROWS_AT_ONCE = 5_000
# The rows of an allocation that its reversal has with the opposite sign, in the order of their foreign keys; "": rows
# without a sum, which it has as they are.
MIRRORED: tuple[tuple[type[Any], str], ...] = (
    (AllocationCostGroup, "cents"),
    (AllocationLine, "cents"),
    (AllocationCost, "net_cents"),
    (AllocationCharge, "cents"),
    (AllocationAdvance, "cents"),
    (AllocationAmount, ""),
)


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
    """Post the allocation of a period, provided that it still equals the preview with this digest.

    The preview is computed again under a lock. Raises StalePreview, and everything that preview_allocation raises.
    """
    pool = locked_pool(session, pool_id)
    require_text("note", note, NOTE_LENGTH_MAX)
    with progress.part(0, READING_PER_CENT):
        preview = preview_allocation(session, pool_id, period_from, period_until)
    if preview.digest != digest:
        raise StalePreview
    # Before the charges, which the rows of the allocation lock; after the preview, which may take long.
    lock_ledger(session)
    _require_same_counted(session, pool, preview)
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
    with progress.part(READING_PER_CENT, 100):
        _post_content(session, allocation.id, preview)
    events.record(session, AllocationPosted.of(allocation), by=by, at=now)
    post_allocation_entry(session, allocation, by=by, now=now)
    return allocation


def reverse_allocation(session: Session, allocation_id: int, reason: str, *, by: Actor, now: datetime) -> Allocation:
    """Post the exact mirror of an allocation, linked to it; its costs become unallocated again.

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
    lock_ledger(session)  # before the charges, which the mirrored rows lock
    session.add(reversal)
    session.flush()
    _post_mirror(session, original.id, reversal.id)
    events.record(session, AllocationReversed.of(reversal), by=by, at=now)
    post_allocation_entry(session, reversal, by=by, now=now)
    return reversal


def _require_same_counted(session: Session, pool: Pool, preview: Preview) -> None:
    """Raise StalePreview if something was charged, corrected or called in advance since the preview was computed."""
    if not preview.charges and not preview.advances:
        return
    counted = counted_for(session, pool, preview.period_from, preview.period_until, preview.bearer_ids)
    if (counted.charges, counted.advances) != (preview.charges, preview.advances):
        raise StalePreview


def _post_content(session: Session, allocation_id: int, preview: Preview) -> None:
    """Insert the rows of an allocation, in the order of their foreign keys."""
    common = {"allocation_id": allocation_id}
    _insert(session, AllocationCostGroup, [common | _group_row(group) for group in preview.groups])
    lines = [
        common | _line_row(line) | {"group_number": group.number} for group in preview.groups for line in group.lines
    ]
    _insert(session, AllocationLine, lines)
    if any(group.looks_at(METER) for group in preview.groups):
        session.add(MeteredAllocation(**common))
    _insert(session, AllocationAmount, [common | row for group in preview.groups for row in _amount_rows(group)])
    _insert(session, AllocationCost, [common | asdict(cost) for cost in preview.costs])
    _insert(session, AllocationSlip, [common | slip._asdict() for slip in preview.slips])
    _insert(session, AllocationCharge, [common | charge._asdict() for charge in preview.charges])
    _insert(session, AllocationAdvance, [common | advance._asdict() for advance in preview.advances])


def _group_row(group: CostGroup) -> dict[str, Any]:
    row = asdict(replace(group, lines=())) | {"kinds": list(group.kinds)}
    del row["lines"]
    return row


def _line_row(line: Line) -> dict[str, Any]:
    row = asdict(line)
    del row["amounts"]
    return row


def _amount_rows(group: CostGroup) -> Iterator[dict[str, Any]]:
    for line in group.lines:
        for part, amount in enumerate(line.amounts, start=1):
            yield {"group_number": group.number, "part": part, "member_id": line.member_id, "amount": amount}


def _post_mirror(session: Session, original_id: int, reversal_id: int) -> None:
    """Insert the same groups, lines and costs with the opposite sign; weights stay as they were."""
    for model, amount in MIRRORED:
        columns = model.__table__.columns
        mirrored = [
            dict(row._mapping)
            | {"allocation_id": reversal_id}
            | ({amount: -row._mapping[amount]} if amount else {})  # "": the same, as with weights
            for row in session.execute(select(*columns).where(columns.allocation_id == original_id))
        ]
        _insert(session, model, mirrored)


def _insert(session: Session, model: type[Any], rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), ROWS_AT_ONCE):
        progress.report(first, len(rows))
        session.execute(insert(model), rows[first : first + ROWS_AT_ONCE])
