"""Tables as CSV: UTF-8 with a byte order mark, as spreadsheets expect it; streamed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.exports.tables import CODE, DAY, DECIMAL, INSTANT, MONEY, TEXT, WHOLE, YES_NO, Column, Table

BYTE_ORDER_MARK = "\ufeff".encode()
CHUNK_ROWS = 200

# Spreadsheets read a cell that begins like this as a formula (the full-width signs in East Asian editions).
FORMULA = re.compile(r" *[=+\-@\t\r\n＝＋－＠]")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """The CSV conventions of a language. day_format: for strftime."""

    delimiter: str
    decimal_sign: str
    day_format: str


STYLES = {"de": CsvStyle(";", ",", "%d.%m.%Y"), "en": CsvStyle(",", ".", "%Y-%m-%d")}


def csv_chunks(table: Table, headers: Mapping[str, str], style: CsvStyle) -> Iterator[bytes]:
    """Yield the file in chunks. headers: column code -> text; a missing one is a bug (KeyError)."""
    buffer = io.StringIO()
    # QUOTE_MINIMAL quotes cells with a delimiter, quote or line break; line ends follow RFC 4180.
    writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    writer.writerow([escape_formula(headers[column.code]) for column in table.columns])
    formats = [_formatter(column, style) for column in table.columns]
    for number, row in enumerate(table.rows, start=1):
        writer.writerow(["" if cell is None else as_text(cell) for cell, as_text in zip(row, formats, strict=True)])
        if number % CHUNK_ROWS == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def escape_formula(text: str) -> str:
    """Prefix a text that a spreadsheet would read as a formula with an apostrophe; drop control characters."""
    clean = CONTROL_CHARACTERS.sub("", text)
    return "'" + clean if FORMULA.match(clean) else clean


def unescape_formula(text: str) -> str:
    """Undo escape_formula(), for imported tables; dropped control characters stay lost."""
    return text[1:] if text.startswith("'") and FORMULA.match(text, 1) else text


def _formatter(column: Column, style: CsvStyle) -> Callable[[Any], str]:
    """Return the formatter of a column; made once per file, because a file has millions of cells."""
    sign, step = style.decimal_sign, Decimal(1).scaleb(-column.decimals)

    def money(cents: int) -> str:
        euro, rest = divmod(abs(cents), 100)
        return f"{'-' if cents < 0 else ''}{euro}{sign}{rest:02}"

    def instant(wall: datetime) -> str:
        # With its offset, which distinguishes the two passages of the doubled hour.
        return f"{wall.strftime(style.day_format)} {wall.isoformat(timespec='seconds').partition('T')[2]}"

    formatters: dict[str, Callable[[Any], str]] = {
        TEXT: escape_formula,
        CODE: escape_formula,
        YES_NO: str,
        DAY: lambda day: day.strftime(style.day_format),
        INSTANT: instant,
        WHOLE: str,
        DECIMAL: lambda number: format(number.quantize(step, ROUND_HALF_UP), "f").replace(".", sign),
        MONEY: money,
    }
    return formatters[column.kind]


def _drain(buffer: io.StringIO) -> bytes:
    written = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return written
