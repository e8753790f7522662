"""Tables as CSV: UTF-8 with a byte order mark, as spreadsheets expect it; streamed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing.exports.tables import CODE, DAY, EXACT, MONEY, TEXT, WHOLE, Table

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
    formatters = _formatters(style)
    formats = [formatters[column.kind] for column in table.columns]
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


def _formatters(style: CsvStyle) -> dict[str, Callable[[Any], str]]:
    """Return kind of column -> formatter; looked up once per file, because a file has millions of cells."""
    sign = style.decimal_sign

    def money(cents: int) -> str:
        euro, rest = divmod(abs(cents), 100)
        return f"{'-' if cents < 0 else ''}{euro}{sign}{rest:02}"

    return {
        TEXT: escape_formula,
        CODE: escape_formula,
        DAY: lambda day: day.strftime(style.day_format),
        WHOLE: str,
        EXACT: lambda number: format(number, "f").replace(".", sign),
        MONEY: money,
    }


def _drain(buffer: io.StringIO) -> bytes:
    written = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return written
