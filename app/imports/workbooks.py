"""Excel workbooks as grids: the values of formulas, numbers and days as texts, several sheets.

A workbook is a ZIP archive from anywhere: what it would unpack to is counted before it is read.
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from flask_babel import gettext as _

from app.imports.errors import SheetUnclear, TableError
from app.imports.grids import Grid, Line, require_bounds

ZIP_MARK = b"PK\x03\x04"
OLD_WORKBOOK_MARK = b"\xd0\xcf\x11\xe0"  # .xls, and a workbook with a password
UNPACKED_MAX = 40 * 1024 * 1024  # a file has 4 MB at most, and 10,000 rows
FILES_MAX = 2_000
SHEETS_MAX = 50
BLANK = Line(0, ())
# What openpyxl and the standard library raise on a damaged file (SyntaxError: XML that is none).
DAMAGED = (
    ArithmeticError, AttributeError, BadZipFile, EOFError, LookupError, NotImplementedError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, zlib.error,
)  # fmt: skip
FIRST_DAY = date(1900, 1, 2)  # before it, Excel's days are times without a day
# The number formats 0000 and "M-"0000: a text in front, and how many digits are shown at least.
_PADDED = re.compile(r'(?P<before>(?:"[^"]*"|\\.|[-+ ()/])*)(?P<zeros>0+)')
# A cell with a formula (f) and no value (v) behind it. A text (str) without value is an empty one.
_WITHOUT_RESULT = re.compile(
    rb'<(?:\w+:)?c (?![^<>]*t="str")[^<>]*?r="([A-Z]+\d+)"[^<>]*>\s*<(?:\w+:)?f(?:>| [^<>]*>)[^<]*</(?:\w+:)?f>\s*'
    rb"(?:<(?:\w+:)?v ?/>|<(?:\w+:)?v></|</)"
)
_NOT_SHOWN = re.compile(r"\[[^\]]*\]|[_*].")  # colours, countries, conditions, widths


def is_workbook(content: bytes) -> bool:
    """Return whether a file is a workbook, or another archive."""
    return content.startswith((ZIP_MARK, OLD_WORKBOOK_MARK))


def grid_of_workbook(content: bytes, chosen: str = "") -> Grid:
    """Return the lines of a sheet that are not blank. chosen: the name of the sheet. Raises TableError, SheetUnclear.

    A workbook with rows in one sheet only needs no choice.
    """
    sheets = _sheets(content)
    filled = {name: lines for name, lines in sheets.items() if lines}
    if chosen and filled and chosen not in filled:
        message = _("This workbook has no sheet “%(name)s” with rows. Choose another.", name=chosen[:40])
        raise SheetUnclear(message, tuple(filled))
    if len(filled) > 1 and not chosen:
        message = _("This workbook has several sheets with rows. Choose the one to import.")
        raise SheetUnclear(message, tuple(filled))
    return filled[chosen] if chosen and filled else next(iter(filled.values()), ())


def _sheets(content: bytes) -> dict[str, Grid]:
    if content.startswith(OLD_WORKBOOK_MARK):
        raise TableError(
            _("This is an old Excel file (.xls) or one with a password. Save it as .xlsx without password, or as CSV.")
        )
    _require_small(content)
    from openpyxl import load_workbook  # 0.2 s, and only needed here

    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")  # on formats that do not matter here
    try:
        _require_results(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return {sheet.title: tuple(_lines(sheet)) for sheet in visible[:SHEETS_MAX]}
    except TableError:
        raise
    except DAMAGED as error:
        raise TableError(_not_readable()) from error


def _require_results(content: bytes) -> None:
    """Refuse a workbook with formulas that were never calculated: programs write them so, and they look empty."""
    with ZipFile(BytesIO(content)) as archive:
        sheets = [file.filename for file in archive.infolist() if file.filename.startswith("xl/worksheets/")]
        found = next(filter(None, (_WITHOUT_RESULT.search(archive.read(sheet)) for sheet in sheets)), None)
    if found:
        raise TableError(
            _(
                "Cell %(cell)s holds a formula without a result. Open the file in a spreadsheet, save it there, and "
                "choose it again.",
                cell=found[1].decode(),
            )
        )


def _require_small(content: bytes) -> None:
    try:
        with ZipFile(BytesIO(content)) as archive:
            files = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise TableError(_not_readable()) from error
    if len(files) > FILES_MAX or sum(file.file_size for file in files) > UNPACKED_MAX:
        raise TableError(_("This workbook is too large when unpacked. Save the sheet as CSV."))
    if not any(file.filename == "xl/workbook.xml" for file in files):
        raise TableError(_not_readable())


def _not_readable() -> str:
    return _("This file is not an Excel workbook (.xlsx), or it is damaged. Save it again, or as CSV.")


def _lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # the size that a file claims for itself may be wrong
    lines: list[Line] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        line = Line(number, tuple(_text(cell) for cell in cells)) if cells else BLANK
        if not line.is_blank:
            lines.append(line)
            require_bounds(lines)
    return iter(lines)


def _text(cell: Any) -> str:
    """Return the value of a cell as a text that the parsers of cells read."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, (datetime, date, time, timedelta)):
        return _moment(value)
    return str(value)


def _number(value: float, number_format: str) -> str:
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    text = str(int(value))
    padded = _PADDED.fullmatch(_NOT_SHOWN.sub("", number_format.split(";", maxsplit=1)[0]))
    if padded is None or value < 0:
        return text
    before = re.sub(r'"|\\(?=.)', "", padded["before"])
    return before + text.zfill(len(padded["zeros"]))


def _moment(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(value, datetime):
        value = value.replace(microsecond=0) if value.microsecond < 500_000 else _next_second(value)
        if value.date() < FIRST_DAY:
            return f"{value:%H:%M:%S}"
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat()


def _next_second(value: datetime) -> datetime:
    return value.replace(microsecond=0) + timedelta(seconds=1)
