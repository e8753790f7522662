"""What a use that is entered afterwards may be: how long, how long ago, how much, and beside which other slips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.charge_units import CHARGE_UNITS, ChargeUnit
from booking.errors.schedule_errors import UseCovered, UseOverlaps, Violation
from booking.models import UsageRecord
from booking.records.catalogue import MachineTerms
from booking.timespan import TimeSpan

LONGEST_USE = timedelta(days=31)  # longer where the machine is lent for longer
ENTERED_UNTIL = timedelta(days=366)  # after the start: the year-end account of last year is open until then
LATE_ENTRY = timedelta(hours=24)  # a hand-out may be entered late, so the clock at hand-back says too little
AMOUNT_MAX = 2_000_000_000  # small units: what both databases store


@dataclass(frozen=True, slots=True)
class EnteredUse:
    """A use as it would be stored, without its slip."""

    machine_id: int
    member_id: int
    span: TimeSpan
    places: int
    used_amount: int


def check_span(span: TimeSpan, terms: MachineTerms, now: datetime) -> list[Violation]:
    """Return in_future (limit: now), use_too_long (in seconds) and use_too_old (limit: the first possible start)."""
    violations = []
    if span.end > now:
        violations.append(Violation("in_future", "end", limit=now, actual=span.end))
    longest = max(LONGEST_USE, timedelta(minutes=terms.policy.longest_min))
    if span.end - span.start > longest:
        limit = int(longest.total_seconds())
        violations.append(Violation("use_too_long", "end", limit=limit, actual=span.seconds))
    if span.start < now - ENTERED_UNTIL:
        violations.append(Violation("use_too_old", "start", limit=now - ENTERED_UNTIL, actual=span.start))
    return violations


def check_time(used_amount: int, unit: ChargeUnit, seconds: int, places: int) -> list[Violation]:
    """Return amount_beyond_time (in seconds) for hours and days that do not fit into the time of the use.

    The last decimal that is shown may be rounded up.
    """
    if unit.small_unit != "seconds":
        return []
    possible = seconds * places
    if used_amount <= possible + unit.small_per_unit // 10**unit.decimals:
        return []
    return [Violation("amount_beyond_time", "amount", limit=possible, actual=used_amount)]


def check_amount(amount: int | None) -> list[Violation]:
    """Return amount_negative or amount_too_large (limit and actual in small units); None breaks no rule."""
    if amount is not None and amount < 0:
        return [Violation("amount_negative", "amount", limit=0, actual=amount)]
    if amount is not None and amount > AMOUNT_MAX:
        return [Violation("amount_too_large", "amount", limit=AMOUNT_MAX, actual=amount)]
    return []


def check_corrected(slip: UsageRecord, amount: int | None) -> list[Violation]:
    """Return what is wrong with the amount of a finished slip, by itself and by the time of the use."""
    violations = check_amount(amount)
    if amount is None or slip.handed_back_at is None or violations:
        return violations
    return check_time_out(slip, amount, slip.handed_back_at)


def check_time_out(slip: UsageRecord, amount: int, until: datetime) -> list[Violation]:
    """Return amount_beyond_time for more hours than the machine was out, or booked for, and entered late."""
    unit = CHARGE_UNITS[slip.charge_unit]
    booked = (slip.booked_amount or 0) // (slip.places if unit.places_count else 1)
    seconds = max(int((until - slip.handed_out_at).total_seconds()), booked) + int(LATE_ENTRY.total_seconds())
    return check_time(amount, unit, seconds, slip.places)


def check_reading(reading: int | None, last: int | None, field: str = "reading") -> list[Violation]:
    """Return reading_negative or reading_backwards (limit: the last reading), both in small units."""
    if reading is None:
        return []
    if reading < 0:
        return [Violation("reading_negative", field, limit=0, actual=reading)]
    if reading > AMOUNT_MAX:
        return [Violation("amount_too_large", field, limit=AMOUNT_MAX, actual=reading)]
    if last is not None and reading < last:
        return [Violation("reading_backwards", field, limit=last, actual=reading)]
    return []


def same_slips(session: Session, use: EnteredUse) -> Sequence[UsageRecord]:
    """Return the slips of the same use, entered before: same machine, member, span, places and amount."""
    return session.scalars(
        select(UsageRecord)
        .where(
            UsageRecord.reservation_id.is_(None),
            UsageRecord.machine_id == use.machine_id,
            UsageRecord.member_id == use.member_id,
            UsageRecord.handed_out_at == use.span.start,
            UsageRecord.handed_back_at == use.span.end,
            UsageRecord.places == use.places,
            UsageRecord.used_amount == use.used_amount,
        )
        .order_by(UsageRecord.id)
    ).all()


def refuse_overlap(session: Session, use: EnteredUse, places: int) -> None:
    """Raise UseCovered or UseOverlaps where other slips leave no room for this use. places: of the machine.

    Lock the machine first. A slip that is still out has no end yet.
    """
    others = session.scalars(
        select(UsageRecord)
        .where(
            UsageRecord.machine_id == use.machine_id,
            UsageRecord.handed_out_at < use.span.end,
            or_(UsageRecord.handed_back_at.is_(None), UsageRecord.handed_back_at > use.span.start),
        )
        .order_by(UsageRecord.handed_out_at, UsageRecord.id)
    ).all()
    own = [slip for slip in others if slip.member_id == use.member_id]
    if own and _cover(own, use.span):
        first, last = own[0], own[-1]
        raise UseCovered(
            [Violation("use_covered", "start", limit=first.handed_out_at, actual=last.handed_back_at)], first.id
        )
    starts = {use.span.start} | {slip.handed_out_at for slip in others if slip.handed_out_at > use.span.start}
    for start in sorted(starts):
        present = [slip for slip in others if _is_out_at(slip, start)]
        used = use.places + sum(slip.places for slip in present)
        if used > places and present:
            raise UseOverlaps([Violation("places_used", "start", limit=places, actual=used)], present[0].id)


def _cover(slips: Sequence[UsageRecord], span: TimeSpan) -> bool:
    """Return whether slips, in the order of their hand-out, together cover a span without a gap."""
    covered_until = span.start
    for slip in slips:
        if slip.handed_out_at > covered_until:
            return False
        covered_until = max(covered_until, slip.handed_back_at or span.end)
    return covered_until >= span.end


def _is_out_at(slip: UsageRecord, instant: datetime) -> bool:
    return slip.handed_out_at <= instant and (slip.handed_back_at is None or instant < slip.handed_back_at)
