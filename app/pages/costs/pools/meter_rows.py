"""The meters of a pool as rows: whose they are, what they showed last, what they counted since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.wording.formats import format_number
from billing.pools.meters import PER_UNIT
from billing.queries.pool_keys import MeterView, meter, page_of_meters
from billing.queries.readings import DayReading, EnteredReading, day_readings
from booking.queries import member_names


@dataclass(frozen=True, slots=True)
class FormerRow:
    """What was entered for a day before, as text."""

    reading: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading as text. counted: since the one before it, "" for the first; restart: of the new meter."""

    read_on: date
    reading: str
    counted: str
    restart: str
    is_withdrawn: bool
    before: tuple[FormerRow, ...]


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter with its newest reading."""

    view: MeterView
    member: str
    last: str


def thousandths_words(thousandths: int) -> str:
    """Return a reading in the unit of the meter: 1,234.5."""
    return format_number((Decimal(thousandths) / PER_UNIT).normalize())


def meter_rows(session: Session, pool_id: int, *, limit: int, offset: int) -> tuple[tuple[MeterRow, ...], bool]:
    """Return a page of the meters of a pool by name, and whether there are more."""
    found, has_more = page_of_meters(session, pool_id, readings=1, limit=limit, offset=offset)
    return _meter_rows(session, found), has_more


def meter_row(session: Session, meter_id: int) -> MeterRow:
    """Return a meter. Raises MeterNotFound."""
    return _meter_rows(session, [meter(session, meter_id, readings=1)])[0]


def reading_rows(session: Session, meter_id: int, *, limit: int, offset: int) -> tuple[tuple[ReadingRow, ...], bool]:
    """Return a page of the days on which a meter was read, the newest first, and whether there are more."""
    found, has_more = day_readings(session, meter_id, limit=limit, offset=offset)
    return tuple(_reading_row(one) for one in found), has_more


def _meter_rows(session: Session, found: Sequence[MeterView]) -> tuple[MeterRow, ...]:
    names = {one.id: f"{one.number} {one.name}" for one in member_names(session, [one.member_id for one in found])}
    return tuple(
        MeterRow(one, names[one.member_id], thousandths_words(one.readings[0].reading) if one.readings else "")
        for one in found
    )


def _reading_row(one: DayReading) -> ReadingRow:
    return ReadingRow(
        one.holds.read_on,
        _words(one.holds),
        "" if one.counted is None else thousandths_words(one.counted),
        "" if one.holds.restart is None else thousandths_words(one.holds.restart),
        one.holds.reading is None,
        tuple(FormerRow(_words(former), former.entered_at) for former in one.before),
    )


def _words(entered: EnteredReading) -> str:
    return _("withdrawn") if entered.reading is None else thousandths_words(entered.reading)
