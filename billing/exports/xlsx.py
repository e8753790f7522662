"""Tables as XLSX: typed cells, one number format per column, sums below; equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import IO, Any

from billing.errors.money_errors import TooManyRows
from billing.exports.sums import sums_of
from billing.exports.tables import DAY, DECIMAL, INSTANT, MONEY, WHOLE, Cell, Column, Row, Table

WIDTHS = {MONEY: 14, DAY: 12, WHOLE: 9, DECIMAL: 12, INSTANT: 20}
TEXT_WIDTH, TEXT_WIDTH_MAX = 10, 50
FILTER_BUTTON_WIDTH = 3
SHEET_NAME_LENGTH_MAX = 31
ROWS_MAX = 1_048_575  # of a sheet, below its header
A4 = 9
SUBTOTAL_SUM = 109  # SUBTOTAL with it adds up the rows that are shown


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """The texts and formats of a sheet in a language. day_format, instant_format: number formats of spreadsheets."""

    title: str
    sum_label: str
    day_format: str
    instant_format: str


# Language -> number formats of days and instants. [$-809]: the names of months in English on every computer.
DAY_FORMATS = {"de": "dd.mm.yyyy", "en": "[$-809]d mmm yyyy"}
INSTANT_FORMATS = {"de": "dd.mm.yyyy hh:mm:ss", "en": "[$-809]d mmm yyyy hh:mm:ss"}


def write_xlsx(table: Table, headers: Mapping[str, str], style: SheetStyle, to: IO[bytes]) -> None:
    """Write the file. headers: column code -> text; a missing one is a bug (KeyError).

    Raises TooManyRows; the file is incomplete then.
    """
    import xlsxwriter

    # Rows are written to a temporary file one by one, so that a large table needs little memory. The workbook
    # closes and deletes that file, also after an error.
    with xlsxwriter.Workbook(to, {"constant_memory": True}) as book:
        book.set_properties({"created": datetime.combine(table.made_on, time(), tzinfo=UTC).replace(tzinfo=None)})
        _Sheet(book, table, headers, style).fill()


class _Sheet:
    """The only sheet of a workbook: head, rows, sums."""

    def __init__(self, book: Any, table: Table, headers: Mapping[str, str], style: SheetStyle) -> None:
        self._sheet = book.add_worksheet(style.title[:SHEET_NAME_LENGTH_MAX])
        self._table, self._style = table, style
        self._headers = [headers[column.code] for column in table.columns]
        numbers = [_number_format(column, style) for column in table.columns]
        self._formats = [book.add_format({"num_format": each}) if each else None for each in numbers]
        bold = {"bold": True, "top": 1}
        self._sum_formats = [book.add_format(bold | ({"num_format": each} if each else {})) for each in numbers]
        self._head_format = book.add_format({"bold": True, "bottom": 1})
        self._widths = [
            max(WIDTHS.get(column.kind, TEXT_WIDTH), len(header) + FILTER_BUTTON_WIDTH)
            for column, header in zip(table.columns, self._headers, strict=True)
        ]
        self._sums = sums_of(table.columns)

    def fill(self) -> None:
        """Write all cells. Raises TooManyRows."""
        for number, header in enumerate(self._headers):
            self._sheet.write_string(0, number, header, self._head_format)
        rows_max = ROWS_MAX - bool(self._sums)
        line = 0
        for line, row in enumerate(self._table.rows, start=1):
            if line > rows_max:  # the library would drop the remaining rows silently
                raise TooManyRows(limit=rows_max)
            self._write_row(line, row)
        if line:
            self._write_sums(line)
        self._lay_out(line)

    def _write_row(self, line: int, row: Row) -> None:
        for number, (cell, column) in enumerate(zip(row, self._table.columns, strict=True)):
            if isinstance(cell, str):
                self._widths[number] = max(self._widths[number], min(len(cell) + 1, TEXT_WIDTH_MAX))
            _write(self._sheet, line, number, cell, column, self._formats[number])
        for each in self._sums:
            each.add(row)

    def _write_sums(self, last_line: int) -> None:
        """Write the row of sums below the range of the filter, so that it is neither filtered nor sorted."""
        from xlsxwriter.utility import xl_range

        sums = {each.position: each.value for each in self._sums if each.makes_sense}
        if not sums:
            return
        for number, cell_format in enumerate(self._sum_formats):
            if number not in sums:
                self._sheet.write_blank(last_line + 1, number, None, cell_format)
                continue
            formula = f"=SUBTOTAL({SUBTOTAL_SUM},{xl_range(1, number, last_line, number)})"
            value = _as_number(sums[number], self._table.columns[number])
            self._sheet.write_formula(last_line + 1, number, formula, cell_format, value)
        self._sheet.write_string(last_line + 1, 0, self._style.sum_label, self._sum_formats[0])

    def _lay_out(self, last_line: int) -> None:
        for number, width in enumerate(self._widths):
            self._sheet.set_column(number, number, width)
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofilter(0, 0, last_line, len(self._headers) - 1)
        # Member numbers are texts on purpose: as numbers they would lose their zeros.
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.set_paper(A4)
        self._sheet.fit_to_pages(1, 0)


def _number_format(column: Column, style: SheetStyle) -> str:
    """Return the only number format of a column; "" for texts."""
    if column.kind == DECIMAL:
        # At least two decimals, further ones where they are not zero, aligned at the decimal sign.
        decimals = "0" * min(column.decimals, 2) + "?" * (column.decimals - 2)
        return f"#,##0.{decimals}" if decimals else "#,##0"
    formats = {MONEY: "#,##0.00", WHOLE: "0", DAY: style.day_format, INSTANT: style.instant_format}
    return formats.get(column.kind, "")


def _write(sheet: Any, line: int, number: int, cell: Cell, column: Column, cell_format: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(line, number, cell)  # write() would turn "=..." into a formula
    elif isinstance(cell, (int, Decimal)):
        sheet.write_number(line, number, _as_number(cell, column), cell_format)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, number, cell.replace(tzinfo=None), cell_format)
    else:
        sheet.write_datetime(line, number, datetime.combine(cell, time()), cell_format)


def _as_number(value: int | Decimal, column: Column) -> float:
    """Return the value of a cell. Cells of spreadsheets are floats; fifteen digits of them are exact."""
    return float(value) / 100 if column.kind == MONEY else float(value)
