"""From the bytes of a file to its table: what is certain is read, anything else is a question with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from app.imports.columns import Columns
from app.imports.days import ORDERS
from app.imports.errors import FileColumn
from app.imports.mapping import NO_CHOICE, Choice, file_columns, mapping_of
from app.imports.sheets import sheet_of
from app.imports.tables import Table, grid_of, table_of

Remembered = Mapping[str, Choice]  # shape of a file -> what was chosen for it
NOTHING_REMEMBERED: Remembered = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user has answered to the questions about a file; "" for what was not asked.

    day_order: see tables.table_of. lost_zeros: see lost_zeros.ZeroRestorer. clears_empty: see tables.Table.
    """

    encoding: str = ""
    sheet: str = ""
    choice: Choice = NO_CHOICE
    lost_zeros: str = ""
    clears_empty: bool = False
    day_order: str = ""


NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: its table, its columns with their fields, and what is to be remembered for its shape.

    constants: fields with one text for all rows. is_remembered: the columns are assigned as for an earlier file.
    to_remember: None where the user has said nothing about the columns.
    """

    table: Table
    columns: tuple[FileColumn, ...]
    constants: Mapping[str, str]
    shape: str
    is_remembered: bool
    to_remember: Choice | None


def read_file(
    kind: str,
    known: Columns,
    content: bytes,
    answers: Answers = NO_ANSWERS,
    remembered: Remembered = NOTHING_REMEMBERED,
) -> Reading:
    """Read a file of one kind. Raises TableError; a Question where the user has to decide."""
    grid = grid_of(content, known, encoding=answers.encoding, sheet=answers.sheet)
    sheet = sheet_of(grid, known, remembered)
    before = remembered.get(sheet.shape, NO_CHOICE)
    mapping = mapping_of(kind, sheet, known, answers.choice, before)
    choice = NO_CHOICE if answers.choice.is_empty else mapping.as_choice(sheet)
    table = table_of(sheet, known, mapping, answers.day_order if answers.day_order in ORDERS else "")
    return Reading(
        replace(table, lost_zeros=answers.lost_zeros, clears_empty=answers.clears_empty),
        file_columns(sheet, mapping.fields),
        mapping.constants,
        sheet.shape,
        sheet.shape in remembered,
        None if choice.is_empty else choice,
    )
