"""What is posted with a rate of VAT and keeps it when another rate is entered for its days. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from billing.models import Charge, Document, DocumentLine, Fee, Tariff
from billing.models.party import RING
from billing.parties.party import FLAT_RATE_FARMER, REGULAR, party
from booking.charge_units import CHARGE_UNITS

MISSED_KINDS = ("no_show", "late_cancel")


@dataclass(frozen=True, slots=True)
class Kept:
    """How many sums (charges, and fees for missed reservations) and lines of documents keep the VAT of a rate."""

    sums: int
    lines: int

    def __bool__(self) -> bool:
        """Return whether anything keeps it."""
        return bool(self.sums or self.lines)


@dataclass(frozen=True, slots=True)
class HeldRate:
    """A rate as it holds by now: of a code, from a day on, until before `ends_on`; None: until another is entered."""

    code: str
    percent: Decimal
    begins_on: date
    ends_on: date | None

    def covers(self, day: InstrumentedAttribute[date]) -> list[ColumnElement[bool]]:
        """Return the conditions under which it holds on a day."""
        return [day >= self.begins_on, *([] if self.ends_on is None else [day < self.ends_on])]


def kept_charges(session: Session, rate: HeldRate, *, is_flat: bool) -> int:
    """Return how many charges in force contain VAT that was added at a rate. is_flat: it is that of farmers."""
    reversal = aliased(Charge)
    is_reversed = select(reversal.id).where(reversal.reverses_id == Charge.id).exists()
    in_force = (Charge.reverses_id.is_(None), ~is_reversed, Charge.added_vat_cents != 0)
    of_code = () if is_flat else (Charge.tax_code == rate.code,)
    by_day = select(Charge.service_date, func.count()).where(*rate.covers(Charge.service_date), *in_force, *of_code)
    return _on_days_of(session, by_day.group_by(Charge.service_date), is_flat=is_flat)


def kept_fees(session: Session, rate: HeldRate, *, is_flat: bool) -> int:
    """Return how many fees in force cost a part of a planned price to which VAT was added at a rate.

    The tariff of the day says whether it was: a fee does not hold it. Fees that are entered include VAT, of which an
    invoice decides, so nothing keeps a rate. is_flat: it is that of farmers.
    """
    reversal, latest = aliased(Fee), aliased(Tariff)
    is_reversed = select(reversal.id).where(reversal.reverses_id == Fee.id).exists()
    in_force = (Fee.kind.in_(MISSED_KINDS), Fee.reverses_id.is_(None), ~is_reversed)
    of_day = select(latest.id).where(latest.machine_id == Fee.machine_id, latest.valid_from <= Fee.service_from)
    of_day = of_day.order_by(latest.valid_from.desc(), latest.version.desc()).limit(1)
    planned = Tariff.charge_unit.in_([code for code, unit in CHARGE_UNITS.items() if unit.from_clock])
    adds = (~Tariff.price_includes_vat, planned, *(() if is_flat else (Tariff.tax_code == rate.code,)))
    by_day = (
        select(Fee.service_from, func.count())
        .join(Tariff, Tariff.id == of_day.correlate(Fee).scalar_subquery())
        .where(*rate.covers(Fee.service_from), *in_force, *adds)
    )
    return _on_days_of(session, by_day.group_by(Fee.service_from), is_flat=is_flat)


def _on_days_of(session: Session, counts: Select[date, int], *, is_flat: bool) -> int:
    """Return the sum of counts by day, of the days on which the ring was taxed as a rate needs it."""
    ring, wanted = party(session, RING), FLAT_RATE_FARMER if is_flat else REGULAR
    return sum(count for day, count in session.execute(counts) if ring.regime_on(day) == wanted)


def kept_lines(session: Session, rate: HeldRate, *, is_flat: bool) -> int:
    """Return how many lines of issued documents in force have the VAT of a rate. is_flat: it is that of farmers."""
    cancellation = aliased(Document)
    is_cancelled = select(cancellation.id).where(cancellation.cancels_id == DocumentLine.document_id).exists()
    return (
        session.scalar(
            select(func.count())
            .select_from(DocumentLine)
            .where(
                *rate.covers(DocumentLine.service_until),
                DocumentLine.percent == rate.percent,
                DocumentLine.reason == (FLAT_RATE_FARMER if is_flat else ""),
                DocumentLine.turn % 2 == 1,
                ~is_cancelled,
            )
        )
        or 0
    )
