"""What is posted with a rate of VAT and keeps it when another rate is entered for its days. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from billing.models import Charge, Document, DocumentLine
from billing.models.party import RING
from billing.parties.party import FLAT_RATE_FARMER, REGULAR, party


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
    ring, wanted = party(session, RING), FLAT_RATE_FARMER if is_flat else REGULAR
    found = session.execute(by_day.group_by(Charge.service_date)).all()
    return sum(count for day, count in found if ring.regime_on(day) == wanted)


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
