"""Readings of the meters of a pool from a file: all lines are entered, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports.cells import CellError, parse_record_day
from app.imports.encodings import decode
from app.imports.errors import TableError
from app.imports.grids import grid_of_csv
from app.imports.tables import BYTES_MAX
from app.imports.workbooks import is_workbook
from app.wording.errors import sentence_of
from app.wording.numbers import AmountError, parse_decimal
from app.wording.rules import violation_sentence
from billing.pools.meters import PER_UNIT
from billing.pools.readings import ReadingEntry, enter_reading, withdraw_reading
from billing.queries.pool_keys import meters
from booking.errors.schedule_errors import RulesBroken
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor

CELLS = 3  # meter, day, reading; a fourth one is where a new meter began
DECIMALS = 3
WITHDRAWN = ("-", "\N{EN DASH}")


class Faults(Exception):
    """What is wrong with lines of a file, a sentence each; nothing was entered."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


def enter_readings(session: Session, pool_id: int, content: bytes, *, today: date, by: Actor, now: datetime) -> int:
    """Enter the readings of a file and return how many there were. Call inside write_transaction().

    Each line has meter, day, reading, and perhaps what the new meter showed where it was changed, with any usual
    separator; between commas, numbers stand in quotation marks where a fourth cell makes them ambiguous. A day that has
    a reading is corrected; "-" in place of the reading withdraws it. A first line without a number is taken for
    headers.

    Raises Faults, TableError (no text, too many lines).
    """
    known = {one.name.casefold(): one.id for one in meters(session, pool_id, readings=0)}
    faults, entered = [], 0
    for number, cells, raw in _lines(content):
        try:
            _require_one_reading(cells, raw)
            meter_id, day, entry = _read(cells, known)
            if entry is None:
                withdraw_reading(session, meter_id, day, by=by, now=now)
            else:
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


def _lines(content: bytes) -> Iterator[tuple[int, Sequence[str], str]]:
    """Yield number, cells and text of the lines with content, without one of headers. Raises TableError."""
    if len(content) > BYTES_MAX:
        raise TableError(_("The file is larger than 4 MB. Split it into several."))
    if is_workbook(content):  # its numbers have no language, so that 1.125 would be read as 1125 in German
        raise TableError(_("This is a workbook. Save it as CSV, or copy its cells into the field below."))
    text = decode(content)
    raw = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as grid_of_csv() counts them
    for at, line in enumerate(grid_of_csv(text, lambda _lines: 0)):
        stripped = [cell.strip() for cell in line.cells]
        is_header = at == 0 and not any(character.isdigit() for cell in stripped[1:] for character in cell)
        if not is_header:
            yield line.number, stripped, raw[line.number - 1]


def _require_one_reading(cells: Sequence[str], raw: str) -> None:
    """Refuse "Z-1,2026-06-15,1300,5": 1300.5 with a decimal comma, or a meter that was changed and began at 5."""
    if (
        len(cells) > CELLS
        and cells[CELLS]
        and re.search(rf"{re.escape(cells[2])}\s*,\s*{re.escape(cells[CELLS])}", raw)
    ):
        raise CellError(
            _(
                "“%(text)s” may be one reading with a decimal comma or two. Separate the columns by semicolons, or put "
                "each number into quotation marks.",
                text=f"{cells[2]},{cells[CELLS]}"[:40],
            )
        )


def _read(cells: Sequence[str], known: Mapping[str, int]) -> tuple[int, date, ReadingEntry | None]:
    """Return meter, day and what to enter; None to withdraw what the day has."""
    if len(cells) < CELLS:
        raise CellError(_("Meter, day and reading are needed."))
    meter_id = known.get(cells[0].casefold())
    if meter_id is None:
        raise CellError(_("There is no meter “%(name)s” in this pool.", name=cells[0][:40]))
    day = parse_record_day(cells[1], _("Day"))
    if day is None:
        raise CellError(_("Meter, day and reading are needed."))
    restart = _thousandths(cells[CELLS]) if len(cells) > CELLS and cells[CELLS] else None
    if cells[2] in WITHDRAWN:
        return meter_id, day, None
    return meter_id, day, ReadingEntry(day, _thousandths(cells[2]), restart)


def _thousandths(text: str) -> int:
    return int(parse_decimal(text, decimals=DECIMALS) * PER_UNIT)


def _reason(refusal: DomainError) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(one) for one in refusal.violations)
    return sentence_of(refusal)
