"""Trying and storing a table: each row by the same use cases as the pages, in one transaction.

The preview is the import itself, taken back at the end; so what it says is what will happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.imports.cells import CellError
from app.imports.records import MACHINE_NAMES, MEMBER_NAMES, enter_machine_row, enter_member_row
from app.imports.tables import Row, Table, read_table
from app.pages.rule_texts import violation_sentence
from booking.errors import RecordRefused, Violation
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be imported: how its columns may be called, which one names a record, and what a row does."""

    names: dict[str, str]
    key: str
    required: tuple[str, ...]
    enter_row: Callable[..., str]


KINDS = {
    "members": Kind(MEMBER_NAMES, "number", ("number", "name"), enter_member_row),
    "machines": Kind(MACHINE_NAMES, "slug", ("slug", "name", "workshop"), enter_machine_row),
}


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What becomes of a row: entered, changed, same or refused, with the reasons as sentences."""

    line: int
    key: str
    outcome: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of a table."""

    rows: tuple[RowOutcome, ...]

    def count(self, outcome: str) -> int:
        """How many rows end like this."""
        return sum(row.outcome == outcome for row in self.rows)

    def is_clean(self) -> bool:
        """Whether no row is refused, so that the table can be stored."""
        return not self.count(REFUSED)


class _TakenBack(Exception):
    """Ends the transaction of a preview; carries its report."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def read(kind: str, content: bytes) -> Table:
    """A file of one kind as a table. Raises TableError."""
    return read_table(content, KINDS[kind].names, KINDS[kind].required)


def try_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """What would become of each row. Stores nothing."""
    return _run(session, kind, table, by=by, now=now, keep=False)


def import_table(session: Session, kind: str, table: Table, *, by: Actor, now: datetime) -> Report:
    """Store the table; where one row is refused, none is stored and the report says why."""
    return _run(session, kind, table, by=by, now=now, keep=True)


def _run(session: Session, kind: str, table: Table, *, by: Actor, now: datetime, keep: bool) -> Report:
    try:
        with write_transaction(session):
            seen: set[str] = set()
            report = Report(tuple(_enter(session, KINDS[kind], row, seen, by=by, now=now) for row in table.rows))
            if not (keep and report.is_clean()):
                raise _TakenBack(report)
    except _TakenBack as preview:
        return preview.report
    return report


def _enter(session: Session, kind: Kind, row: Row, seen: set[str], *, by: Actor, now: datetime) -> RowOutcome:
    key = row.texts[kind.key]
    if key in seen:
        refusal = RecordRefused([Violation("twice_in_file", "", actual=key)])
        return RowOutcome(row.line, key, REFUSED, _sentences(refusal))
    seen.add(key)
    try:
        with session.begin_nested():
            return RowOutcome(row.line, key, kind.enter_row(session, row, by=by, now=now))
    except RecordRefused as refusal:
        return RowOutcome(row.line, key, REFUSED, _sentences(refusal))
    except CellError as error:
        return RowOutcome(row.line, key, REFUSED, (str(error),))


def _sentences(refusal: RecordRefused) -> tuple[str, ...]:
    return tuple(
        f"{violation.field}: {violation_sentence(violation)}" if violation.field else violation_sentence(violation)
        for violation in refusal.violations
    )
