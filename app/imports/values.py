"""The values of records as the preview of an import shows them: old and new, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.imports.columns import MACHINES, MEMBERS, Columns
from app.imports.words import PriceClassWords
from app.wording.formats import format_day
from app.wording.opening_hours import hours_line
from app.wording.sorts import sort_label
from app.wording.units import UNIT_NAMES
from booking.machines.machines import MachineInput
from booking.members.members import MemberInput
from booking.records import records
from booking.rules.lending_rules import RULE_FIELDS
from booking.times.opening_hours import Opening

_FLAGS = frozenset(rule.name for rule in RULE_FIELDS if rule.is_switch)

Texts = Mapping[str, str]  # field of a kind of table -> its value as text


@dataclass(frozen=True, slots=True)
class CellChange:
    """A value that an import changes: the header of its column, what is stored and what would be; "" for nothing."""

    column: str
    old: str
    new: str

    @property
    def is_emptied(self) -> bool:
        """Whether something stored would be lost without anything in its place."""
        return bool(self.old) and not self.new


def cell_changes(columns: Columns, old: Texts, new: Texts) -> tuple[CellChange, ...]:
    """Return the values in which two records differ, in the order of the columns."""
    names = [name for name in columns.headers if old.get(name, "") != new.get(name, "")]
    return tuple(CellChange(columns.header(name), old.get(name, ""), new.get(name, "")) for name in names)


def member_texts(member: MemberInput, price_classes: PriceClassWords) -> dict[str, str]:
    """Return the values of a member by the fields of MEMBERS."""
    values: dict[str, Any] = records.values_of(member)
    address: dict[str, Any] = records.values_of(values.pop("address"))
    values |= {f"address_{part}": text for part, text in address.items()}
    values["price_class"] = price_classes.label_of(member.price_class)
    for name in ("joined_on", "left_on"):
        values[name] = format_day(values[name]) if values[name] else ""
    return {name: str(values[name]) for name in MEMBERS.headers}


def machine_texts(
    machine: MachineInput,
    places: int,
    workshop: str,
    induction_kinds: Mapping[int, str],
    openings: Sequence[Opening] | None = None,
) -> Texts:
    """Return the values of a machine by the fields of MACHINES. openings: its own hours."""
    values: dict[str, Any] = records.values_of(machine) | {"places": places, "workshop": workshop}
    values["own_hours"] = hours_line(openings or ())
    values["charge_unit"] = UNIT_NAMES.get(machine.charge_unit, machine.charge_unit)
    values["sort"] = sort_label(machine.sort)
    values["induction"] = induction_kinds.get(machine.induction_kind_id or 0, "")
    values |= {name: _("yes") if values[name] else _("no") for name in _FLAGS}
    return {name: str(values[name]) for name in MACHINES.headers}
