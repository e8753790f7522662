"""Tables as CSV: UTF-8 with a byte order mark, as spreadsheets expect it; streamed, whatever the size."""

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

# A spreadsheet takes a cell that begins like this for a formula; the full-width signs count in East Asian editions.
FORMULA = re.compile(r" *[=+\-@\t\r\n＝＋－＠]")
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


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
    ways = _ways(style)
    shown = [ways[column.kind] for column in table.columns]
    for number, row in enumerate(table.rows, start=1):
        writer.writerow(["" if cell is None else show(cell) for cell, show in zip(row, shown, strict=True)])
        if number % CHUNK_ROWS == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def safe_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula: such a one gets an apostrophe in front."""
    clean = UNSEEN.sub("", text)
    return "'" + clean if FORMULA.match(clean) else clean


def plain_text(text: str) -> str:
    """A text as it was before safe_text(), for tables that come back; unseen signs stay lost."""
    return text[1:] if text.startswith("'") and FORMULA.match(text, 1) else text


def _ways(style: CsvStyle) -> dict[str, Callable[[Any], str]]:
    """Kind of column -> how its cells are written; found once a file, because a file has millions of cells."""
    sign = style.decimal_sign

    def money(cents: int) -> str:
        euro, rest = divmod(abs(cents), 100)
        return f"{'-' if cents < 0 else ''}{euro}{sign}{rest:02}"

    return {
        TEXT: safe_text,
        CODE: safe_text,
        DAY: lambda day: day.strftime(style.day_format),
        WHOLE: str,
        EXACT: lambda figure: format(figure, "f").replace(".", sign),
        MONEY: money,
    }


def _emptied(buffer: io.StringIO) -> bytes:
    written = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return written
