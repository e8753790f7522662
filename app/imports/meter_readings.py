"""Readings of the meters of a pool from a file: all lines are entered, or none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import count

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports.cells import CellError, parse_record_day
from app.imports.encodings import decode
from app.wording.errors import sentence_of
from app.wording.numbers import AmountError, parse_decimal
from app.wording.rules import violation_sentence
from billing.meters import PER_UNIT, ReadingEntry, enter_reading
from billing.queries.pool_keys import meters
from booking.errors import RulesBroken
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor

LINES_MAX = 5_000
CELLS = 3  # meter, day, reading; a fourth one is where a new meter began
DECIMALS = 3


class Faults(Exception):
    """What is wrong with lines of a file, a sentence each; nothing was entered."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


def enter_readings(session: Session, pool_id: int, content: bytes, *, today: date, by: Actor, now: datetime) -> int:
    """Enter the readings of a file and return how many there were. Call inside write_transaction().

    Each line has meter, day, reading, and perhaps what the new meter showed where it was changed; separated by
    semicolons, commas with decimal points, or tabs. A first line without a number is taken for headers.

    Raises Faults, TableError (no text).
    """
    known = {one.name.casefold(): one.id for one in meters(session, pool_id)}
    faults, entered = [], 0
    for number, cells in _lines(decode(content)):
        try:
            meter_id, entry = _read(cells, known)
            enter_reading(session, meter_id, entry, today=today, by=by, now=now)
            entered += 1
        except (CellError, AmountError) as fault:
            faults.append(_("Line %(number)s: %(fault)s", number=number, fault=str(fault)))
        except DomainError as refusal:
            faults.append(_("Line %(number)s: %(fault)s", number=number, fault=_reason(refusal)))
    if not entered and not faults:
        faults.append(_("There is no line with a reading."))
    if faults:
        raise Faults(tuple(faults))
    return entered


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of the lines with content, without one of headers."""
    lines = text.splitlines()[: LINES_MAX + 1]
    separator = next((one for one in ("\t", ";") if any(one in line for line in lines)), ",")
    for number, cells in zip(count(1), csv.reader(lines, delimiter=separator), strict=False):
        stripped = [cell.strip() for cell in cells]
        is_header = number == 1 and not any(character.isdigit() for cell in stripped[1:] for character in cell)
        if any(stripped) and not is_header:
            yield number, stripped


def _read(cells: list[str], known: Mapping[str, int]) -> tuple[int, ReadingEntry]:
    if len(cells) < CELLS:
        raise CellError(_("Meter, day and reading are needed."))
    meter_id = known.get(cells[0].casefold())
    if meter_id is None:
        raise CellError(_("There is no meter “%(name)s” in this pool.", name=cells[0][:40]))
    day = parse_record_day(cells[1], _("Day"))
    if day is None:
        raise CellError(_("Meter, day and reading are needed."))
    restart = _thousandths(cells[CELLS]) if len(cells) > CELLS and cells[CELLS] else None
    return meter_id, ReadingEntry(day, _thousandths(cells[2]), restart)


def _thousandths(text: str) -> int:
    return int(parse_decimal(text, decimals=DECIMALS) * PER_UNIT)


def _reason(refusal: DomainError) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(one) for one in refusal.violations)
    return sentence_of(refusal)
