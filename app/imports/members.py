"""Import of members: a row with the number of a stored member changes that member, other rows enter new ones."""

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
from app.wording.countries import country_code
from booking import queries
from booking.addresses import DEFAULT_COUNTRY, Address, clean_line, clean_text, split_address
from booking.errors import Violation
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.member_import import KnownMember, known_members, store_members
from booking.members import STANDARD_PRICE_CLASS, MemberInput, check_member

EMPTY = MemberInput(number="", name="")

Known = Mapping[str, KnownMember]
PriceClasses = Mapping[str, str]  # text of a cell in lower case -> code


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row of the file: the member in it, and its outcome."""

    member: MemberInput
    outcome: RowOutcome


def run_members(session: Session, table: Table, *, by: Actor, now: datetime, dry_run: bool) -> Report:
    """Validate a table of members. Store it unless dry_run is set or a row is refused.

    Only storing holds the write lock, once for all rows; a dry run does not.
    """
    if dry_run:
        return _report(_validated(table, known_members(session), _price_classes(session)))
    return in_write_transaction(session, partial(_store, session, table, by=by, now=now))


def _store(session: Session, table: Table, *, by: Actor, now: datetime) -> Report:
    known = known_members(session, for_change=True)
    rows = _validated(table, known, _price_classes(session))
    report = _report(rows)
    if report.is_clean():
        new = [row.member for row in rows if row.outcome.outcome == ENTERED]
        pairs = [(known[row.member.number], row.member) for row in rows if row.outcome.outcome == CHANGED]
        changed = {old.id: (old.stored, member) for old, member in pairs}
        store_members(session, new, changed, by=by, now=now)
    return report


def _report(rows: list[ParsedRow]) -> Report:
    return Report(tuple(row.outcome for row in rows))


def _price_classes(session: Session) -> PriceClasses:
    """Return the codes of price classes by what a cell may contain: code, name in either language, or nothing."""
    classes = queries.price_classes(session)
    names = {name.lower(): each.code for each in classes for name in (each.name_de, each.name_en)}
    return {"": STANDARD_PRICE_CLASS} | names | {each.code: each.code for each in classes}


def _validated(table: Table, known: Known, price_classes: PriceClasses) -> list[ParsedRow]:
    seen: set[str] = set()
    rows = []
    for row in table.rows:
        rows.append(_parsed_row(row, known, price_classes, is_repeated=row.texts["number"] in seen))
        seen.add(row.texts["number"])
    return rows


def _parsed_row(row: Row, known: Known, price_classes: PriceClasses, *, is_repeated: bool) -> ParsedRow:
    number = row.texts["number"]
    stored = known[number].stored if number in known else None
    try:
        parsed = _input(row, stored or EMPTY, price_classes)
    except CellError as error:
        return ParsedRow(EMPTY, RowOutcome(row.line, number, REFUSED, (str(error),)))
    violations = [Violation("twice_in_file", "", actual=number)] if is_repeated else []
    if parsed != stored:
        violations += check_member(parsed, price_classes.values())
    if violations:
        return ParsedRow(parsed, RowOutcome(row.line, number, REFUSED, sentences(violations, MEMBERS)))
    outcome = ENTERED if stored is None else SAME if parsed == stored else CHANGED
    return ParsedRow(parsed, RowOutcome(row.line, number, outcome))


def _input(row: Row, base: MemberInput, price_classes: PriceClasses) -> MemberInput:
    values: dict[str, Any] = dict(row.texts)
    for column in ("joined_on", "left_on"):
        if column in values:
            values[column] = cells.parse_day(values[column], MEMBERS.header(column))
    if "price_class" in values:
        text = values["price_class"].lower()
        values["price_class"] = price_classes.get(text, text)
    parts = {name.removeprefix("address_"): values.pop(name) for name in row.texts if name.startswith("address_")}
    return replace(base, address=_address(parts, base.address), **values)


def _address(parts: dict[str, str], stored: Address) -> Address:
    """Return an address by the cells of a row. Free text is split, unless other cells hold the parts."""
    parts = {name: text if name == "text" else clean_line(text) for name, text in parts.items()}
    if "country" in parts:
        parts["country"] = country_code(parts["country"]) or DEFAULT_COUNTRY
    if "text" not in parts:
        return replace(stored, **parts)
    if not any(parts.get(name) for name in ("name", "street", "postcode", "town")):
        return split_address(parts["text"], parts.get("country", stored.country))
    return replace(stored, **parts | {"text": clean_text(parts["text"])})
