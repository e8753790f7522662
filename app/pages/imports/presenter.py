"""What the pages of an import show: the questions about a file, and the choices for its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import KINDS, Report, RowOutcome
from app.imports.days import ORDERS, day_in_order
from app.imports.encodings import encoding_label
from app.imports.errors import ColumnsUnclear, DayOrderUnclear, EncodingUnclear, FileColumn, SheetUnclear
from app.imports.mapping import GENERATED
from app.imports.reading import Answers, Reading
from app.imports.report import CHANGED, ENTERED, REFUSED, SAME
from app.pages.imports.forms import COLUMN, HEADER, MAKES, UNDECIDED, VALUE
from app.wording.billing import price_class_label
from app.wording.formats import format_short_day
from app.wording.sorts import SORT_LABELS
from app.wording.units import UNIT_NAMES
from booking import queries

# Fields that may have the same value in every row, such as the only workshop.
CONSTANTS = {"members": ("price_class",), "machines": ("workshop", "sort", "charge_unit"), "reservations": ("machine",)}
ZEROS_SHOWN = 10
ROWS_OF_A_PAGE = 50
OUTCOMES = (REFUSED, CHANGED, ENTERED, SAME)  # in this order; unchanged rows without a remark are only counted


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


def day_orders(question: DayOrderUnclear) -> list[tuple[str, str, str]]:
    """Return value and label of each order of day and month to choose from."""
    return [(order, format_short_day(day_in_order(question.sample, order)), "") for order in ORDERS]


@dataclass(frozen=True, slots=True)
class RowsView:
    """A page of the rows of a report.

    outcome: "" for all. first: counted from 1. choices: outcome, label and count. unlisted: unchanged rows.
    """

    rows: tuple[RowOutcome, ...]
    outcome: str
    number: int
    first: int
    total: int
    choices: tuple[tuple[str, str, int], ...]
    unlisted: int

    @property
    def has_next(self) -> bool:
        """Whether rows follow."""
        return self.first + len(self.rows) <= self.total


def rows_view(report: Report, wanted: str) -> RowsView:
    """Return the rows to show. wanted: an outcome and the number of the page, such as "changed:2"."""
    outcome, _sign, number = wanted.partition(":")
    outcome = outcome if outcome in OUTCOMES else ""
    listed = [row for row in report.rows if row.outcome != SAME or row.reasons or row.kept]
    by_outcome = {each: [row for row in listed if row.outcome == each] for each in OUTCOMES}
    rows = by_outcome.get(outcome) or [row for each in OUTCOMES for row in by_outcome[each]]
    pages = max(-(-len(rows) // ROWS_OF_A_PAGE), 1)
    page = min(max(int(number) if number.isdecimal() and len(number) < 6 else 1, 1), pages)
    start = (page - 1) * ROWS_OF_A_PAGE
    labels = {REFUSED: _("Refused"), CHANGED: _("Only changes"), ENTERED: _("Only new ones"), SAME: _("Unchanged")}
    choices = [(each, labels[each], len(by_outcome[each])) for each in OUTCOMES if by_outcome[each]]
    shown = tuple(rows[start : start + ROWS_OF_A_PAGE])
    choices = [("", _("All"), len(listed)), *choices] if len(choices) > 1 else []
    return RowsView(shown, outcome, page, start + 1, len(rows), tuple(choices), len(report.rows) - len(listed))


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
        "sort": lambda: [(code, str(label)) for code, label in SORT_LABELS.items()],
        "machine": lambda: [(one.slug, one.name) for one in queries.machine_choices(session)],
    }
    return [("", _("no value for all rows")), *values[field]()]


def _makes_label(field: str) -> str:
    if field == "number":
        return _("New members without a number get the next free one")
    return _("Short names are made from the names, or made fit for addresses")
