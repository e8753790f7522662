"""Tables as CSV: UTF-8 with a byte order mark, as spreadsheets expect it; streamed, whatever the size."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.exports.tables import MONEY, Cell, Column, Table

BYTE_ORDER_MARK = "\ufeff".encode()
CHUNK_ROWS = 200

# A spreadsheet takes a cell that begins like this for a formula; the full-width signs count in East Asian editions.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How a language writes tables: between the cells, in the figures, the days (strftime)."""

    delimiter: str
    decimal_sign: str
    day_format: str


STYLES = {"de": CsvStyle(";", ",", "%d.%m.%Y"), "en": CsvStyle(",", ".", "%Y-%m-%d")}


def csv_chunks(table: Table, heads: Mapping[str, str], style: CsvStyle) -> Iterator[bytes]:
    """The file in pieces. heads: column code -> words; a missing one is a bug (KeyError)."""
    buffer = io.StringIO()
    # QUOTE_MINIMAL quotes cells with delimiter, quote or line break; lines end as RFC 4180 has it.
    writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    writer.writerow([safe_text(heads[column.code]) for column in table.columns])
    for number, row in enumerate(table.rows, start=1):
        writer.writerow([_shown(cell, column, style) for cell, column in zip(row, table.columns, strict=True)])
        if number % CHUNK_ROWS == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def safe_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula: such a one gets an apostrophe in front."""
    clean = "".join(letter for letter in text if letter >= " " or letter in "\t\r\n")
    return "'" + clean if clean.lstrip(" ").startswith(FORMULA_STARTS) else clean


def _shown(cell: Cell, column: Column, style: CsvStyle) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe_text(cell)
    if isinstance(cell, date):
        return cell.strftime(style.day_format)
    figure = Decimal(cell).scaleb(-2) if column.kind == MONEY else cell
    return format(figure, "f").replace(".", style.decimal_sign) if isinstance(figure, Decimal) else str(figure)


def _emptied(buffer: io.StringIO) -> bytes:
    written = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return written
