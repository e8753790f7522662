"""What the pages of an import show: the questions about a file, and the choices for its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import KINDS, Report
from app.imports.encodings import encoding_label
from app.imports.errors import ColumnsUnclear, EncodingUnclear, FileColumn, SheetUnclear
from app.imports.mapping import GENERATED
from app.imports.reading import Answers, Reading
from app.pages.imports.forms import COLUMN, HEADER, MAKES, UNDECIDED, VALUE
from app.wording.billing import price_class_label
from app.wording.formats import UNIT_NAMES
from booking import queries

# Fields that may have the same value in every row, such as the only workshop.
CONSTANTS = {"members": ("price_class",), "machines": ("workshop", "charge_unit"), "reservations": ("machine",)}
ZEROS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column of the file with its select: names of its fields in the form, samples, the chosen value."""

    header: str
    header_name: str
    name: str
    samples: str
    chosen: str


@dataclass(frozen=True, slots=True)
class ConstantChoice:
    """A field that gets one value in every row: its name in the form, label, choices and the chosen value."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class MakesChoice:
    """A tick: the program fills in a needed field by itself."""

    name: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ColumnsView:
    """The form in which columns are assigned to fields."""

    columns: tuple[ColumnChoice, ...]
    fields: tuple[tuple[str, str], ...]
    constants: tuple[ConstantChoice, ...]
    makes: tuple[MakesChoice, ...]
    has_unknown: bool


def columns_view(
    session: Session, kind: str, columns: Sequence[FileColumn], constants: dict[str, str], makes: frozenset[str]
) -> ColumnsView:
    """Return the form for the columns of a file, filled in as proposed or chosen."""
    known = KINDS[kind].columns
    filled = {column.field for column in columns}
    return ColumnsView(
        columns=tuple(
            ColumnChoice(
                column.header,
                f"{HEADER}{number}",
                f"{COLUMN}{number}",
                " · ".join(column.samples),
                UNDECIDED if column.field is None else column.field,
            )
            for number, column in enumerate(columns)
        ),
        fields=tuple((field, known.header(field)) for field in known.fields),
        constants=tuple(
            ConstantChoice(VALUE + field, known.header(field), _values(session, field), constants.get(field, ""))
            for field in CONSTANTS[kind]
            if field not in filled
        ),
        makes=tuple(MakesChoice(MAKES + field, _makes_label(field), field in makes) for field in GENERATED[kind]),
        has_unknown=None in filled,
    )


def of_reading(session: Session, kind: str, reading: Reading) -> ColumnsView:
    """Return the form for the columns of a file that was read."""
    return columns_view(session, kind, reading.columns, dict(reading.constants), reading.table.generates)


def of_question(session: Session, kind: str, question: ColumnsUnclear, answers: Answers) -> ColumnsView:
    """Return the form for the columns of a file that cannot be read without it."""
    return columns_view(
        session, kind, question.columns, dict(answers.choice.constants), frozenset(answers.choice.generates)
    )


def readings(question: EncodingUnclear) -> list[tuple[str, str, str]]:
    """Return value, label and sample words of each encoding to choose from."""
    return [(code, encoding_label(code), ", ".join(words)) for code, words in question.samples.items()]


def sheets(question: SheetUnclear) -> list[tuple[str, str, str]]:
    """Return value, label and sample of each sheet to choose from."""
    return [(name, name, "") for name in question.sheets]


def lost_zeros(report: Report) -> dict[str, Any]:
    """Return the numbers about which the user has to decide; {} for none."""
    if not report.lost_zeros:
        return {}
    return {"shown": report.lost_zeros[:ZEROS_SHOWN], "more": max(len(report.lost_zeros) - ZEROS_SHOWN, 0)}


def _values(session: Session, field: str) -> list[tuple[str, str]]:
    values = {
        "price_class": lambda: [(each.code, price_class_label(each)) for each in queries.price_classes(session)],
        "workshop": lambda: [(place.slug, place.name) for place in queries.workshops(session)],
        "charge_unit": lambda: [(code, str(name)) for code, name in UNIT_NAMES.items()],
        "machine": lambda: [
            (card.slug, card.name) for card in queries.machine_cards(session, include_retired=False, limit=None).items
        ],
    }
    return [("", _("no value for all rows")), *values[field]()]


def _makes_label(field: str) -> str:
    if field == "number":
        return _("New members without a number get the next free one")
    return _("Short names are made from the names, or made fit for addresses")
