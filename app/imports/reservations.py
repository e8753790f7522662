"""Import of reservations that another program has confirmed: validated together, entered all or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports.columns import RESERVATIONS
from app.imports.history import StoredRecord, keep, reservation_values
from app.imports.messages import reasons_of
from app.imports.report import ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.reservation_rows import NameIndex, RowRefused, read_name_index, reservation_of
from app.imports.tables import Row, Table
from app.imports.values import CellChange, cell_changes
from app.wording.formats import format_instant
from booking.kernel.events import Actor
from booking.kernel.progress import part, tracked
from booking.kernel.transaction import in_write_transaction
from booking.reservation_import import ImportedReservation, ImportResult, import_reservations, validate
from booking.reservations.wishes import Wish

KEY = ("machine", "member", "member_name", "member_email", "date", "start")


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row of the file: the reservation in it, or the reasons why it is refused."""

    number: int
    key: str
    imported: ImportedReservation | None
    reasons: tuple[str, ...] = ()


def run_reservations(session: Session, table: Table, *, by: Actor, now: datetime, dry_run: bool) -> Report:
    """Validate a table of reservations. Enter it unless dry_run is set or a row is refused.

    Only entering holds the write lock; parsing the table and a dry run do not.
    """
    names = read_name_index(session)
    with part(0, 30):
        rows = _refuse_repeated([_parsed(row, names) for row in tracked(table.rows, len(table.rows))])
    imported = [line.imported for line in rows if line.imported]
    with part(30, 80):
        if not dry_run and len(imported) == len(rows):
            results = in_write_transaction(session, partial(_store, session, imported, by=by, now=now))
        else:
            results = validate(session, imported, now=now)
    with part(80, 100):
        return Report(_outcomes(rows, results, names))


def _store(
    session: Session, imported: Sequence[ImportedReservation], *, by: Actor, now: datetime
) -> list[ImportResult]:
    """Enter reservations, and keep which ones, to be taken back."""
    results = import_reservations(session, imported, by=by, now=now)
    entered = [result.entered_id for result in results if result.entered_id is not None]
    stored = reservation_values(session, entered)
    records = [StoredRecord(reservation_id, None, stored[reservation_id]) for reservation_id in entered]
    keep(session, "reservations", records, by=by, now=now)
    return results


def _parsed(row: Row, names: NameIndex) -> ParsedRow:
    key = ", ".join(row.texts[column] for column in KEY if row.texts.get(column))
    try:
        return ParsedRow(row.line, key, reservation_of(row, names))
    except RowRefused as refusal:
        return ParsedRow(row.line, key, None, refusal.reasons)


def _refuse_repeated(rows: Sequence[ParsedRow]) -> list[ParsedRow]:
    first: dict[str, int] = {}
    return [
        line if line.imported is None or first.setdefault(line.imported.uid, line.number) == line.number
        # Two equal lines may mean two places of the machine, so neither is ignored silently.
        else replace(line, imported=None, reasons=(_repeated(first[line.imported.uid]),))
        for line in rows
    ]  # fmt: skip


def _repeated(line: int) -> str:
    return _(
        "Line %(line)s is the same reservation. Remove one of them; "
        "for several places, write their number in one line.",
        line=line,
    )


def _outcomes(rows: Sequence[ParsedRow], results: Sequence[ImportResult], names: NameIndex) -> tuple[RowOutcome, ...]:
    validated = [line for line in rows if line.imported]
    numbers = [line.number for line in validated]
    result_of = {line.number: result for line, result in zip(validated, results, strict=True)}
    return tuple(_outcome(line, result_of.get(line.number), numbers, names) for line in tracked(rows, len(rows)))


def _outcome(line: ParsedRow, result: ImportResult | None, numbers: Sequence[int], names: NameIndex) -> RowOutcome:
    if line.imported is None or result is None:
        return RowOutcome(line.number, line.key, REFUSED, line.reasons)
    outcome = SAME if result.existing else REFUSED if result.refusal else ENTERED
    zone = names.zone_of(line.imported.wish.machine_id)
    changes = _values(line.imported.wish, names) if outcome == ENTERED else ()
    return RowOutcome(line.number, line.key, outcome, reasons_of(result, zone, numbers), changes)


def _values(wish: Wish, names: NameIndex) -> tuple[CellChange, ...]:
    """Return what a new reservation would be, as it was understood."""
    zone = names.zone_of(wish.machine_id)
    texts = {
        "machine": names.machine_names[wish.machine_id],
        "member": names.member_names[wish.member_id],
        "start": format_instant(wish.span.start, zone),
        "end": format_instant(wish.span.end, zone),
        "places": str(wish.places),
        "purpose": wish.purpose,
        "second_person": wish.second.name if wish.second else "",
        "variants": ", ".join(wish.choices),
    }
    return cell_changes(RESERVATIONS, {}, texts)
