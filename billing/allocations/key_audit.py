"""Whether the weights of a cost group follow from what its own key measured, and readings are what was entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from billing.allocations.preview_models import Working
from billing.errors.cost_errors import CapTooLow
from billing.errors.money_errors import NothingUsed
from billing.models import AllocationAmount, AllocationCostGroup, MeterReading, MeterReadingEntry
from billing.pools.keys import KeyPart, KeyTerms, own_weights
from booking.kernel.audit import AuditFinding


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


def wrong_readings(session: Session) -> Iterator[AuditFinding]:
    """Yield the days of meters whose reading is not what was entered last (finding "reading": meter_id, day)."""
    entry, held = MeterReadingEntry, MeterReading
    day = entry.meter_id, entry.read_on
    last = select(*day, func.max(entry.number).label("number")).group_by(*day).subquery()
    same_day = and_(held.meter_id == entry.meter_id, held.read_on == entry.read_on)
    entered = (
        select(entry.meter_id, entry.read_on)
        .join(last, and_(*(last.c[name] == getattr(entry, name) for name in ("meter_id", "read_on", "number"))))
        .outerjoin(held, same_day)
        .where(or_(held.reading.is_distinct_from(entry.reading), held.restart.is_distinct_from(entry.restart)))
    )
    without = select(held.meter_id, held.read_on).outerjoin(entry, same_day).where(entry.meter_id.is_(None))
    for meter_id, read_on in [*session.execute(entered), *session.execute(without)]:
        yield AuditFinding("reading", {"meter_id": meter_id, "day": read_on.isoformat()})
