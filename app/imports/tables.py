"""A file as a table: its rows with their cells by field, ready for the import of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.imports.cell_texts import clean, is_fault, storable
from app.imports.columns import Columns
from app.imports.days import ambiguous_day, slash_order, with_plain_day
from app.imports.encodings import decode, unless_misread
from app.imports.errors import DayOrderUnclear, TableError
from app.imports.grids import Grid, Line, grid_of_csv
from app.imports.mapping import ColumnMapping
from app.imports.mojibake import REPAIRS, repaired
from app.imports.sheets import Sheet, known_headers
from app.imports.workbooks import grid_of_workbook, is_workbook

BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its line in the file and its cells by field. faults: fields in which a spreadsheet shows an error."""

    line: int
    texts: Mapping[str, str]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The fields that a file fills and its rows. generates: needed fields that are filled in for rows without them.

    lost_zeros: the user's decision on numbers without their zeros (see lost_zeros.ZeroRestorer). clears_empty: an
    empty cell empties the field of a stored record; else what is stored stays.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    generates: frozenset[str] = frozenset()
    lost_zeros: str = ""
    clears_empty: bool = False


def grid_of(content: bytes, known: Columns, *, encoding: str = "", sheet: str = "") -> Grid:
    """Return the cells of a file, a CSV text or a workbook. Raises TableError, EncodingUnclear, SheetUnclear."""
    if len(content) > BYTES_MAX:
        raise TableError(_("The file is larger than 4 MB. Split it into several."))
    if is_workbook(content):
        return _storable(_unless_misread(grid_of_workbook(content, sheet), encoding))
    return _storable(grid_of_csv(decode(content, encoding), known_headers(known)))


def _storable(grid: Grid) -> Grid:
    """Return the cells of a file, headings too, without control characters."""
    return tuple(Line(line.number, tuple(map(storable, line.cells))) for line in grid)


def _unless_misread(grid: Grid, encoding: str) -> Grid:
    """Return the cells of a workbook, with their letters repaired if that was chosen. Raises EncodingUnclear."""
    if encoding in REPAIRS:
        return tuple(Line(line.number, tuple(repaired(cell, encoding) for cell in line.cells)) for line in grid)
    if not encoding:
        unless_misread("\n".join(cell for line in grid for cell in line.cells if not cell.isascii() or "?" in cell))
    return grid


def table_of(sheet: Sheet, known: Columns, mapping: ColumnMapping, day_order: str = "") -> Table:
    """Return the rows of a sheet by the fields of a mapping; columns of the same field are joined.

    day_order: of days such as 03/04/2026, where the file does not tell it. Raises DayOrderUnclear.
    """
    columns = tuple(dict.fromkeys([*(each for each in mapping.fields if each), *mapping.constants]))
    order = slash_order(cell for line in sheet.rows for cell in line.cells) or day_order
    if not order:
        _require_clear_days(sheet, known, mapping)
    rows = tuple(_row(line, known, mapping, order) for line in sheet.rows)
    return Table(columns, rows, mapping.generates)


def _require_clear_days(sheet: Sheet, known: Columns, mapping: ColumnMapping) -> None:
    at = [number for number, column in enumerate(mapping.fields) if column in known.days]
    cells = (clean(line.cells[number]) for line in sheet.rows for number in at)
    if sample := next(filter(None, map(ambiguous_day, cells)), ""):
        raise DayOrderUnclear(_("In “%(text)s” both numbers may be the month. Which day is it?", text=sample), sample)


def _row(line: Line, known: Columns, mapping: ColumnMapping, order: str) -> Row:
    texts: dict[str, list[str]] = {each: [text] for each, text in mapping.constants.items()}
    for column, cell in zip(mapping.fields, line.cells, strict=True):
        if column:
            texts.setdefault(column, []).append(_cleaned(cell, known, column, order))
    joined = {column: _joined(found, known.joined_by.get(column, " ")) for column, found in texts.items()}
    return Row(line.number, joined, tuple(column for column, text in joined.items() if is_fault(text)))


def _cleaned(cell: str, known: Columns, column: str, order: str) -> str:
    text = clean(cell, keeps_lines=column in known.multiline)
    return with_plain_day(text, order) if column in known.days else text


def _joined(texts: Iterable[str], separator: str) -> str:
    return separator.join(dict.fromkeys(text for text in texts if text))
