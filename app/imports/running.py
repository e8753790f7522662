"""Trying and storing a table: each row by the same use cases as the pages, in one transaction.

The preview of records is the import itself, taken back at the end; so what it says is what will happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app.imports.cells import CellError
from app.imports.columns import MACHINES, MEMBERS, RESERVATIONS, Columns
from app.imports.members import run_members
from app.imports.messages import sentences
from app.imports.records import enter_machine_row
from app.imports.report import REFUSED, Report, RowOutcome
from app.imports.reservations import run_reservations
from app.imports.tables import Row, Table, read_table
from booking.errors import RecordRefused, Violation
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be imported: its columns, and how a table of it is tried and stored."""

    columns: Columns
    run: Callable[..., Report]


class _TakenBack(Exception):
    """Ends the transaction of a preview; carries its report."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def run_records(
    columns: Columns,
    enter_row: Callable[..., str],
    session: Session,
    table: Table,
    *,
    by: Actor,
    now: datetime,
    keep: bool,
) -> Report:
    """Enter or change the record of each row; take all of it back unless it is to be kept and no row is refused."""
    seen: set[str] = set()
    enter = partial(_enter, session, columns, enter_row, seen, by=by, now=now)
    try:
        with write_transaction(session):
            report = Report(tuple(enter(row) for row in table.rows))
            if not (keep and report.is_clean()):
                raise _TakenBack(report)
    except _TakenBack as preview:
        return preview.report
    return report


KINDS = {
    "members": Kind(MEMBERS, run_members),
    "machines": Kind(MACHINES, partial(run_records, MACHINES, enter_machine_row)),
    "reservations": Kind(RESERVATIONS, run_reservations),
}


def read(kind: str, content: bytes) -> Table:
    """A file of one kind as a table. Raises TableError."""
    return read_table(content, KINDS[kind].columns)


def try_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """What would become of each row. Stores nothing."""
    return KINDS[kind].run(session, table, by=by, now=now, keep=False)


def import_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """Store the table; where one row is refused, none is stored and the report says why."""
    return KINDS[kind].run(session, table, by=by, now=now, keep=True)


def _enter(
    session: Session,
    columns: Columns,
    enter_row: Callable[..., str],
    seen: set[str],
    row: Row,
    *,
    by: Actor,
    now: datetime,
) -> RowOutcome:
    key = row.texts[columns.required[0]]
    if key in seen:
        refusal = RecordRefused([Violation("twice_in_file", "", actual=key)])
        return RowOutcome(row.line, key, REFUSED, sentences(refusal.violations, columns))
    seen.add(key)
    try:
        with session.begin_nested():
            return RowOutcome(row.line, key, enter_row(session, row, by=by, now=now))
    except RecordRefused as refusal:
        return RowOutcome(row.line, key, REFUSED, sentences(refusal.violations, columns))
    except CellError as error:
        return RowOutcome(row.line, key, REFUSED, (str(error),))
