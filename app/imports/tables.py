"""Parsing of CSV files: separators and encodings of common programs, and the line number of each row."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from flask_babel import gettext as _

from app.imports.columns import Columns
from billing.exports.csv import unescape_formula

ROWS_MAX = 10_000
BYTES_MAX = 4 * 1024 * 1024
SEPARATORS = ";,\t"


class TableError(ValueError):
    """The file cannot be parsed. The message is a sentence in the language of the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its line in the file (the header is line 1) and its cells by column."""

    line: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file, as known to the import, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(content: bytes, known: Columns) -> Table:
    """Read a CSV file with some of the known columns. Raises TableError."""
    if len(content) > BYTES_MAX:
        raise TableError(_("The file is larger than 4 MB. Split it into several."))
    text = _decoded(content)
    header, _newline, _rest = text.partition("\n")
    separator = max(SEPARATORS, key=header.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = _columns(next(reader, []), known)
        rows = _rows(reader, columns)
    except csv.Error as error:
        raise TableError(
            _("Line %(line)s cannot be read: a quotation mark is missing.", line=reader.line_num)
        ) from error
    if not rows:
        raise TableError(_("The file has a header but no rows."))
    return Table(columns, tuple(rows))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise TableError(_("This is not a text file. Save it as CSV in UTF-8."))


def _columns(header: list[str], known: Columns) -> tuple[str, ...]:
    names = [name.strip() for name in header]
    columns = tuple(known.column_of(name) for name in names)
    unknown = [name for name, column in zip(names, columns, strict=True) if not column]
    if unknown:
        raise TableError(
            _(
                "The column “%(name)s” is unknown. Known columns: %(known)s.",
                name=unknown[0][:40],
                known=known.joined(),
            )
        )
    missing = [column for column in known.required if column not in columns]
    if missing:
        raise TableError(_("The column “%(name)s” is missing.", name=known.header(missing[0])))
    if len(set(columns)) < len(columns):
        raise TableError(_("A column appears twice in the header."))
    return columns


def _rows(reader: Any, columns: tuple[str, ...]) -> list[Row]:
    rows = []
    for texts in reader:
        if not any(text.strip() for text in texts):
            continue
        if len(texts) != len(columns):
            raise TableError(
                _(
                    "Line %(line)s has %(actual)s columns; the header has %(wanted)s.",
                    line=reader.line_num,
                    actual=len(texts),
                    wanted=len(columns),
                )
            )
        rows.append(
            Row(reader.line_num, dict(zip(columns, (unescape_formula(text).strip() for text in texts), strict=True)))
        )
        if len(rows) > ROWS_MAX:
            raise TableError(_("More than 10,000 rows. Split the file into several."))
    return rows
