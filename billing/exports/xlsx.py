"""Tables as XLSX: typed cells, no formulas, equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import IO, Any

from billing.errors import TooManyRows
from billing.exports.tables import DAY, EXACT, MONEY, WHOLE, Cell, Table

MONEY_FORMAT, DAY_FORMAT = "#,##0.00", "yyyy-mm-dd"
WIDTHS = {MONEY: 14, DAY: 12, WHOLE: 12, EXACT: 12}
TEXT_WIDTH = 24
SHEET_NAME_LENGTH_MAX = 31
ROWS_MAX = 1_048_575  # of a sheet, below its header


def write_xlsx(table: Table, headers: Mapping[str, str], to: IO[bytes]) -> None:
    """Write the file. headers: column code -> text; a missing one is a bug (KeyError).

    Raises TooManyRows; the file is incomplete then.
    """
    import xlsxwriter

    # Rows are written to a temporary file one by one, so that a large table needs little memory. The workbook
    # closes and deletes that file, also after an error.
    options = {"constant_memory": True, "default_date_format": DAY_FORMAT}
    with xlsxwriter.Workbook(to, options) as book:
        book.set_properties({"created": datetime.combine(table.made_on, time(), tzinfo=UTC).replace(tzinfo=None)})
        _fill(book, table, headers)


def _fill(book: Any, table: Table, headers: Mapping[str, str]) -> None:
    sheet = book.add_worksheet(table.name[:SHEET_NAME_LENGTH_MAX])
    bold = book.add_format({"bold": True, "bottom": 1})
    formats = {MONEY: book.add_format({"num_format": MONEY_FORMAT}), DAY: book.add_format({"num_format": DAY_FORMAT})}
    sheet.freeze_panes(1, 0)
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, WIDTHS.get(column.kind, TEXT_WIDTH))
        sheet.write_string(0, number, headers[column.code], bold)
    for line, row in enumerate(table.rows, start=1):
        if line > ROWS_MAX:  # the library would drop the remaining rows silently
            raise TooManyRows(limit=ROWS_MAX)
        for number, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            _write(sheet, line, number, cell, formats.get(column.kind))


def _write(sheet: Any, line: int, number: int, cell: Cell, cell_format: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(line, number, cell)  # write() would turn "=..." into a formula
    elif isinstance(cell, (int, Decimal)):
        is_money = cell_format is not None
        # Spreadsheet cells are floats; fifteen digits of them are exact.
        sheet.write_number(line, number, cell / 100 if is_money else float(cell), cell_format)
    else:
        sheet.write_datetime(line, number, datetime.combine(cell, time()), cell_format)
