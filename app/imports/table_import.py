"""Preview and import of a table of any kind.

Rows are entered by the same use cases as the pages. The preview of machines is the import itself with a rollback at
the end, so both have the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app.imports.cells import CellError
from app.imports.columns import MACHINES, MEMBERS, RESERVATIONS, Columns
from app.imports.history import keep
from app.imports.lost_zeros import ZeroRestorer
from app.imports.machines import enter_machine_row
from app.imports.members import run_members
from app.imports.messages import fault_sentences, sentences
from app.imports.reading import NO_ANSWERS, NOTHING_REMEMBERED, Answers, Remembered, read_file
from app.imports.report import REFUSED, Report, RowOutcome
from app.imports.reservations import run_reservations
from app.imports.tables import Row, Table
from booking.errors.schedule_errors import RecordRefused, Violation
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table: its columns and the function that validates and stores it."""

    columns: Columns
    run: Callable[..., Report]


class _Rollback(Exception):
    """Rolls back the transaction of a preview and carries its report."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def import_row_by_row(
    kind: str,
    columns: Columns,
    enter_row: Callable[..., RowOutcome],
    session: Session,
    table: Table,
    *,
    by: Actor,
    now: datetime,
    dry_run: bool,
) -> Report:
    """Enter or change the record of each row. Roll back if dry_run is set or a row is refused."""
    seen: set[str] = set()
    zeros = ZeroRestorer(columns, table.lost_zeros)
    enter_one = partial(enter_row, generates=table.generates, clears_empty=table.clears_empty, zeros=zeros)
    enter = partial(_enter, session, columns, enter_one, seen, by=by, now=now)
    try:
        with write_transaction(session):
            report = Report(tuple(enter(row) for row in tracked(table.rows, len(table.rows))), tuple(zeros.undecided))
            if dry_run or not report.is_clean():
                raise _Rollback(report)
            keep(session, kind, [row.stored for row in report.rows if row.stored], by=by, now=now)
    except _Rollback as preview:
        return preview.report
    return report


KINDS = {
    "members": Kind(MEMBERS, run_members),
    "machines": Kind(MACHINES, partial(import_row_by_row, "machines", MACHINES, enter_machine_row)),
    "reservations": Kind(RESERVATIONS, run_reservations),
}


def read(
    kind: str, content: bytes, answers: Answers = NO_ANSWERS, remembered: Remembered = NOTHING_REMEMBERED
) -> Table:
    """Return the table in a file of one kind. Raises TableError; a Question where the user has to decide."""
    return read_file(kind, KINDS[kind].columns, content, answers, remembered).table


def preview_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """Return the outcome that each row would have. Stores nothing."""
    return KINDS[kind].run(session, table, by=by, now=now, dry_run=True)


def import_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """Store all rows, or none if one is refused; the report holds the reasons."""
    return KINDS[kind].run(session, table, by=by, now=now, dry_run=False)


def _enter(
    session: Session,
    columns: Columns,
    enter_row: Callable[..., RowOutcome],
    seen: set[str],
    row: Row,
    *,
    by: Actor,
    now: datetime,
) -> RowOutcome:
    key = row.texts.get(columns.required[0]) or row.texts.get("name", "")
    if row.faults:
        return RowOutcome(row.line, key, REFUSED, fault_sentences(row, columns))
    try:
        with session.begin_nested():
            outcome = enter_row(session, row, by=by, now=now)
            if outcome.key in seen:
                raise RecordRefused([Violation("twice_in_file", "", actual=outcome.key)])
    except RecordRefused as refusal:
        return RowOutcome(row.line, key, REFUSED, sentences(refusal.violations, columns))
    except CellError as error:
        return RowOutcome(row.line, key, REFUSED, (str(error),))
    seen.add(outcome.key)
    return outcome
