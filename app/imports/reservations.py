"""Reservations that another program has promised: read from a table, judged together, taken over all or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports.messages import reasons_of
from app.imports.promises import RingBook, RowRefused, promise_of, ring_book
from app.imports.report import ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.tables import Row, Table
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.takeover import Promise, Verdict, judge, take_over


@dataclass(frozen=True, slots=True)
class Line:
    """A row as understood: the promise in it, or why there is none."""

    number: int
    key: str
    promise: Promise | None
    reasons: tuple[str, ...] = ()


def run_reservations(session: Session, table: Table, *, by: Actor, now: datetime, keep: bool) -> Report:
    """Judge a table of reservations and, where it is to be kept and no row is refused, enter it.

    Only entering holds the write lock: reading the table and a preview make nobody wait.
    """
    book = ring_book(session)
    lines = _each_once([_understood(row, book) for row in table.rows])
    promises = [line.promise for line in lines if line.promise]
    if keep and len(promises) == len(lines):
        verdicts = in_write_transaction(session, partial(take_over, session, promises, by=by, now=now))
    else:
        verdicts = judge(session, promises, now=now)
    return Report(_outcomes(lines, verdicts, book))


def _understood(row: Row, book: RingBook) -> Line:
    key = ", ".join(row.texts[column] for column in ("machine", "member", "date", "start") if row.texts.get(column))
    try:
        return Line(row.line, key, promise_of(row, book))
    except RowRefused as refusal:
        return Line(row.line, key, None, refusal.reasons)


def _each_once(lines: Sequence[Line]) -> list[Line]:
    first: dict[str, int] = {}
    return [
        line if line.promise is None or first.setdefault(line.promise.uid, line.number) == line.number
        # Two lines could as well be two places of one machine, so neither is left out in silence.
        else replace(line, promise=None, reasons=(_repeats(first[line.promise.uid]),))
        for line in lines
    ]  # fmt: skip


def _repeats(line: int) -> str:
    return _("Line %(line)s says the same. Leave one of the two out; several places go into one line.", line=line)


def _outcomes(lines: Sequence[Line], verdicts: Sequence[Verdict], book: RingBook) -> tuple[RowOutcome, ...]:
    judged = [line for line in lines if line.promise]
    numbers = [line.number for line in judged]
    verdict_of = {line.number: verdict for line, verdict in zip(judged, verdicts, strict=True)}
    return tuple(_outcome(line, verdict_of.get(line.number), numbers, book) for line in lines)


def _outcome(line: Line, verdict: Verdict | None, numbers: Sequence[int], book: RingBook) -> RowOutcome:
    if line.promise is None or verdict is None:
        return RowOutcome(line.number, line.key, REFUSED, line.reasons)
    outcome = SAME if verdict.kept else REFUSED if verdict.refusal else ENTERED
    zone = book.zone_of(line.promise.wish.machine_id)
    return RowOutcome(line.number, line.key, outcome, reasons_of(verdict, zone, numbers))
