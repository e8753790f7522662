"""Import of machines: a row with the short name of a stored machine changes that machine, others enter new ones.

Columns that the file does not have stay as they are.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.imports import cells
from app.imports.columns import MACHINES
from app.imports.report import CHANGED, ENTERED, SAME
from app.imports.tables import Row
from booking import machines, queries
from booking.errors import MachineNotFound, NotFound, RecordRefused, Violation
from booking.kernel.events import Actor
from booking.machines import MachineInput
from booking.rules import RULE_FIELDS

_FLAGS = tuple(rule.name for rule in RULE_FIELDS if rule.is_switch)
_TEXTS = ("slug", "name", "kind", "description", "location", "charge_unit")


def enter_machine_row(session: Session, row: Row, *, by: Actor, now: datetime) -> str:
    """Enter or change a machine and return the outcome. Raises RecordRefused, CellError."""
    try:
        card = queries.machine_card(session, row.texts["slug"])
    except MachineNotFound:
        return _enter_machine(session, row, by=by, now=now)
    stored = _stored_input(card)
    entered = _machine_input(session, row, stored)
    places = cells.parse_integer(row.texts.get("places", ""), MACHINES.header("places"), card.places)
    if entered == stored and places == card.places:
        return SAME
    machines.change_machine(session, card.id, entered, places=places, by=by, now=now)
    return CHANGED


def _enter_machine(session: Session, row: Row, *, by: Actor, now: datetime) -> str:
    try:
        workshop = queries.workshop(session, row.texts.get("workshop", ""))
    except NotFound as error:
        raise RecordRefused([Violation("unknown", "workshop", actual=row.texts.get("workshop", ""))]) from error
    entered = _machine_input(session, row, MachineInput(slug="", name=""))
    places = cells.parse_integer(row.texts.get("places", ""), MACHINES.header("places"), 1)
    machines.enter_machine(session, workshop.id, entered, places=places, by=by, now=now)
    return ENTERED


def _machine_input(session: Session, row: Row, base: MachineInput) -> MachineInput:
    values: dict[str, Any] = {}
    for column, text in row.texts.items():
        if column in _TEXTS:
            values[column] = text or getattr(base, column)
        elif column in _FLAGS:
            values[column] = cells.parse_flag(text, MACHINES.header(column))
        elif column == "induction":
            values["induction_kind_id"] = _induction_kind(session, text)
        elif column not in ("workshop", "places"):
            values[column] = cells.parse_integer(text, MACHINES.header(column), getattr(base, column))
    return replace(base, **values)


def _stored_input(card: queries.MachineCard) -> MachineInput:
    values = asdict(card) | asdict(card.rules)
    return MachineInput(**{field.name: values[field.name] for field in fields(MachineInput)})


def _induction_kind(session: Session, name: str) -> int | None:
    if not name:
        return None
    for kind_id, kind_name in queries.induction_kinds(session):
        if kind_name == name:
            return kind_id
    raise RecordRefused([Violation("unknown", "induction", actual=name)])
