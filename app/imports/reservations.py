"""Import of reservations that another program has confirmed: validated together, entered all or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports.messages import reasons_of
from app.imports.report import ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.reservation_rows import RingBook, RowRefused, reservation_of, ring_book
from app.imports.tables import Row, Table
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.reservation_import import ImportedReservation, ImportResult, import_reservations, validate


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: the reservation in it, or the reasons why there is none."""

    number: int
    key: str
    imported: ImportedReservation | None
    reasons: tuple[str, ...] = ()


def run_reservations(session: Session, table: Table, *, by: Actor, now: datetime, keep: bool) -> Report:
    """Validate a table of reservations and, with keep and when no row is refused, enter it.

    Only entering holds the write lock: reading the table and a preview make nobody wait.
    """
    book = ring_book(session)
    lines = _each_once([_read(row, book) for row in table.rows])
    imported = [line.imported for line in lines if line.imported]
    if keep and len(imported) == len(lines):
        results = in_write_transaction(session, partial(import_reservations, session, imported, by=by, now=now))
    else:
        results = validate(session, imported, now=now)
    return Report(_outcomes(lines, results, book))


def _read(row: Row, book: RingBook) -> Line:
    key = ", ".join(row.texts[column] for column in ("machine", "member", "date", "start") if row.texts.get(column))
    try:
        return Line(row.line, key, reservation_of(row, book))
    except RowRefused as refusal:
        return Line(row.line, key, None, refusal.reasons)


def _each_once(lines: Sequence[Line]) -> list[Line]:
    first: dict[str, int] = {}
    return [
        line if line.imported is None or first.setdefault(line.imported.uid, line.number) == line.number
        # Two lines could as well be two places of one machine, so neither is left out in silence.
        else replace(line, imported=None, reasons=(_repeats(first[line.imported.uid]),))
        for line in lines
    ]  # fmt: skip


def _repeats(line: int) -> str:
    return _("Line %(line)s says the same. Leave one of the two out; several places go into one line.", line=line)


def _outcomes(lines: Sequence[Line], results: Sequence[ImportResult], book: RingBook) -> tuple[RowOutcome, ...]:
    validated = [line for line in lines if line.imported]
    numbers = [line.number for line in validated]
    result_of = {line.number: result for line, result in zip(validated, results, strict=True)}
    return tuple(_outcome(line, result_of.get(line.number), numbers, book) for line in lines)


def _outcome(line: Line, result: ImportResult | None, numbers: Sequence[int], book: RingBook) -> RowOutcome:
    if line.imported is None or result is None:
        return RowOutcome(line.number, line.key, REFUSED, line.reasons)
    outcome = SAME if result.existing else REFUSED if result.refusal else ENTERED
    zone = book.zone_of(line.imported.wish.machine_id)
    return RowOutcome(line.number, line.key, outcome, reasons_of(result, zone, numbers))
