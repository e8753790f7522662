"""The meters of a pool as rows: whose they are, what they showed last, what they counted since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.wording.formats import format_number
from billing.meters import PER_UNIT
from billing.queries.pool_keys import MeterView, ReadingView, meter, meters
from booking.queries import member_names

SHOWN = 6


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading as text. counted: since the one before it, "" for the first; restart: of the new meter."""

    view: ReadingView
    reading: str
    counted: str
    restart: str


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter with its newest readings."""

    view: MeterView
    member: str
    readings: tuple[ReadingRow, ...]


def thousandths_words(thousandths: int) -> str:
    """Return a reading in the unit of the meter: 1,234.5."""
    return format_number((Decimal(thousandths) / PER_UNIT).normalize())


def meter_rows(session: Session, pool_id: int) -> tuple[MeterRow, ...]:
    """Return the meters of a pool by name, each with its newest reading."""
    return _meter_rows(session, meters(session, pool_id, readings=1))


def meter_row(session: Session, meter_id: int) -> MeterRow:
    """Return a meter with its newest readings. Raises MeterNotFound."""
    return _meter_rows(session, [meter(session, meter_id, readings=SHOWN + 1)])[0]


def _meter_rows(session: Session, found: Sequence[MeterView]) -> tuple[MeterRow, ...]:
    names = {one.id: f"{one.number} {one.name}" for one in member_names(session, [one.member_id for one in found])}
    return tuple(MeterRow(one, names[one.member_id], _rows(one.readings)) for one in found)


def _rows(readings: Sequence[ReadingView]) -> tuple[ReadingRow, ...]:
    return tuple(
        _row(one, readings[at + 1] if at + 1 < len(readings) else None) for at, one in enumerate(readings[:SHOWN])
    )


def _row(one: ReadingView, before: ReadingView | None) -> ReadingRow:
    shown = None if before is None else before.reading if before.restart is None else before.restart
    counted = "" if shown is None else thousandths_words(one.reading - shown)
    restart = "" if one.restart is None else thousandths_words(one.restart)
    return ReadingRow(one, thousandths_words(one.reading), counted, restart)
