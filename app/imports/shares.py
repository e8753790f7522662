"""Shares of a cost pool from a file: who holds how many from a day on, all rows or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import cells, history
from app.imports.cells import CellError
from app.imports.columns import SHARES
from app.imports.history import StoredRecord, Values
from app.imports.messages import fault_sentences
from app.imports.report import CHANGED, ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.reservation_rows import NameIndex, read_name_index
from app.imports.shares_back import kind_of, share_values
from app.imports.tables import Row, Table
from app.imports.values import CellChange
from app.wording.errors import sentence_of
from app.wording.formats import format_short_day
from billing import queries as billing_queries
from billing.limits import SHARES_MAX
from billing.pools import pools, shares
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import write_transaction


class _Rollback(Exception):
    """Rolls back the transaction of a preview or of a refused file."""


@dataclass(frozen=True, slots=True)
class SharesReport:
    """The outcome of each row, the sum of all shares of the pool on the day afterwards, and who is not in the file."""

    report: Report
    total: int
    not_in_file: tuple[str, ...]


def run_shares(
    session: Session, pool_id: int, table: Table, valid_from: date, *, by: Actor, now: datetime, dry_run: bool
) -> SharesReport:
    """Enter the shares in a table from a day on. Roll back if dry_run is set or a row is refused."""
    rows: _ShareRows | None = None
    try:
        with write_transaction(session):
            if not dry_run:
                pools.locked_pool(session, pool_id)  # the shares held are read after another file has been entered
            rows = _ShareRows.of(session, pool_id, valid_from)
            report = Report(tuple(rows.enter(row, by, now) for row in tracked(table.rows, len(table.rows))))
            after = shares.holdings_on(session, pool_id, valid_from)
            result = SharesReport(report, sum(one.shares for one in after), rows.not_in_file())
            if dry_run or not report.is_clean():
                raise _Rollback
            history.keep(session, kind_of(pool_id), rows.stored, by=by, now=now)
    except _Rollback:
        return result
    return result


@dataclass(slots=True)
class _ShareRows:
    """Enters the rows of a table one after the other."""

    session: Session
    pool_id: int
    valid_from: date
    names: NameIndex
    held: Mapping[int, int]
    later: Mapping[int, date]
    entered: Mapping[tuple[int, date], Values]
    lines: dict[int, int] = field(default_factory=dict)  # member -> line
    stored: list[StoredRecord] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, pool_id: int, valid_from: date) -> _ShareRows:
        held = {one.member_id: one.shares for one in shares.holdings_on(session, pool_id, valid_from)}
        entered = sorted(billing_queries.shares(session, pool_id), key=lambda one: one.valid_from, reverse=True)
        later = {one.member_id: one.valid_from for one in entered if one.valid_from > valid_from}
        present = {key: share_values(one) for key, one in shares.entries_of(session, pool_id).items()}
        return cls(session, pool_id, valid_from, read_name_index(session), held, later, present)

    def enter(self, row: Row, by: Actor, now: datetime) -> RowOutcome:
        """Enter the shares in a row; return its outcome."""
        key = next((row.texts[name] for name in SHARES.headers if row.texts.get(name)), "")
        if row.faults:
            return RowOutcome(row.line, key, REFUSED, fault_sentences(row, SHARES))
        try:
            member_id, count = self._read(row)
            key = self.names.member_names[member_id]
            return self._enter(row.line, key, member_id, count, by, now)
        except CellError as error:
            return RowOutcome(row.line, key, REFUSED, (str(error),))
        except DomainError as refusal:
            return RowOutcome(row.line, key, REFUSED, (sentence_of(refusal),))

    def _read(self, row: Row) -> tuple[int, int | None]:
        """Return the member in a row and how many shares; None for an empty cell. Raises CellError."""
        member_id = self.names.member_id(row.texts)
        if self.lines.setdefault(member_id, row.line) != row.line:
            line = self.lines[member_id]
            raise CellError(_("Line %(line)s has the same member. Remove one of the two.", line=line))
        text, header = row.texts.get("shares", ""), SHARES.header("shares")
        count = cells.parse_integer(text, header, 0) if text else None
        if count is not None and not 0 <= count <= SHARES_MAX:
            raise CellError(_("%(column)s: a number from 0 to %(limit)s is needed.", column=header, limit=SHARES_MAX))
        return member_id, count

    def _enter(self, line: int, key: str, member_id: int, count: int | None, by: Actor, now: datetime) -> RowOutcome:
        old = self.held.get(member_id, 0)
        if count is None:
            return RowOutcome(line, key, SAME, kept=(SHARES.header("shares"),) if old else ())
        if count == old:
            return RowOutcome(line, key, SAME)
        before = self.entered.get((member_id, self.valid_from))
        with self.session.begin_nested():
            share = shares.set_shares(self.session, self.pool_id, member_id, count, self.valid_from, by=by, now=now)
        self.stored.append(StoredRecord(member_id, before, share_values(share)))
        change = CellChange(SHARES.header("shares"), str(old) if old else "", str(count))
        return RowOutcome(line, key, CHANGED if old else ENTERED, self._remarks(member_id), (change,))

    def _remarks(self, member_id: int) -> tuple[str, ...]:
        if member_id not in self.later:
            return ()
        return (_("until %(day)s, from when other shares are entered", day=format_short_day(self.later[member_id])),)

    def not_in_file(self) -> tuple[str, ...]:
        """Return who holds shares and is not in the file: they keep them."""
        return tuple(self.names.member_names[member_id] for member_id in self.held if member_id not in self.lines)
