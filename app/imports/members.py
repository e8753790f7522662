"""Members from a table: a row whose number is already there changes that member; others are new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.imports import cells
from app.imports.cells import CellError
from app.imports.columns import MEMBERS
from app.imports.messages import sentences
from app.imports.report import CHANGED, ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.tables import Row, Table
from booking import queries
from booking.errors import Violation
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.member_import import KnownMember, known_members, store_members
from booking.members import STANDARD_PRICE_CLASS, MemberInput, check_member

NOBODY = MemberInput(number="", name="")

Known = Mapping[str, KnownMember]
PriceClasses = Mapping[str, str]  # what a cell may say, in lower case -> code


@dataclass(frozen=True, slots=True)
class Line:
    """A row as understood: the facts in it, and what becomes of it."""

    facts: MemberInput
    outcome: RowOutcome


def run_members(session: Session, table: Table, *, by: Actor, now: datetime, keep: bool) -> Report:
    """Judge a table of members and, where it is to be kept and no row is refused, store it.

    Only storing holds the write lock, once for all rows.
    """
    if keep:
        return in_write_transaction(session, partial(_store, session, table, by=by, now=now))
    return _report(_judged(table, known_members(session), _price_classes(session)))


def _store(session: Session, table: Table, *, by: Actor, now: datetime) -> Report:
    known = known_members(session, for_change=True)
    lines = _judged(table, known, _price_classes(session))
    report = _report(lines)
    if report.is_clean():
        new = [line.facts for line in lines if line.outcome.outcome == ENTERED]
        stored = [(known[line.facts.number], line.facts) for line in lines if line.outcome.outcome == CHANGED]
        store_members(session, new, {was.id: (was.facts, facts) for was, facts in stored}, by=by, now=now)
    return report


def _report(lines: list[Line]) -> Report:
    return Report(tuple(line.outcome for line in lines))


def _price_classes(session: Session) -> PriceClasses:
    """Return what a cell may say of a price class: its code, a name in either language, or nothing."""
    classes = queries.price_classes(session)
    names = {name.lower(): each.code for each in classes for name in (each.name_de, each.name_en)}
    return {"": STANDARD_PRICE_CLASS} | names | {each.code: each.code for each in classes}


def _judged(table: Table, known: Known, price_classes: PriceClasses) -> list[Line]:
    seen: set[str] = set()
    lines = []
    for row in table.rows:
        lines.append(_line(row, known, price_classes, is_repeated=row.texts["number"] in seen))
        seen.add(row.texts["number"])
    return lines


def _line(row: Row, known: Known, price_classes: PriceClasses, *, is_repeated: bool) -> Line:
    number = row.texts["number"]
    stored = known[number].facts if number in known else None
    try:
        facts = _facts(row, stored or NOBODY, price_classes)
    except CellError as error:
        return Line(NOBODY, RowOutcome(row.line, number, REFUSED, (str(error),)))
    violations = [Violation("twice_in_file", "", actual=number)] if is_repeated else []
    if facts != stored:
        violations += check_member(facts, price_classes.values())
    if violations:
        return Line(facts, RowOutcome(row.line, number, REFUSED, sentences(violations, MEMBERS)))
    outcome = ENTERED if stored is None else SAME if facts == stored else CHANGED
    return Line(facts, RowOutcome(row.line, number, outcome))


def _facts(row: Row, base: MemberInput, price_classes: PriceClasses) -> MemberInput:
    values: dict[str, Any] = dict(row.texts)
    for column in ("joined_on", "left_on"):
        if column in values:
            values[column] = cells.day(values[column], MEMBERS.head(column))
    if "price_class" in values:
        written = values["price_class"].lower()
        values["price_class"] = price_classes.get(written, written)
    return replace(base, **values)
