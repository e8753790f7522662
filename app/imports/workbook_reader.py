"""The process that reads one workbook: from standard input, to standard output as JSON, its visible sheets as texts.

Run by path (workbooks.py), so that it holds Python and openpyxl alone: two kilobytes of a workbook can hold styles or
texts that take gigabytes. Arguments: the name of the chosen sheet or "", the words for true and false. Written is, in
UTF-8, {"names": [of a sheet, ...], "lines": [[number, [text of each cell]], ...]}, or {"fault": code} with the code of
a refusal, and for "formula" the `cell`.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any
from zipfile import BadZipFile, ZipFile

UNPACKED_MAX = 40 * 1024 * 1024  # a file has 4 MB at most, and 10,000 rows
TEXT_MAX = 5 * 1024 * 1024  # characters of all cells, a CSV has 4 MB: many may have the same long text
FILES_MAX, SHEETS_MAX, NAME_LENGTH_MAX = 2_000, 50, 200
LINES_MAX, CELLS_MAX = 20_000, 301  # more than grids.py accepts, which knows what is a row
FORMAT_LENGTH_MAX, ROW_NUMBER_MAX = 255, 1_048_576  # as in Excel
# What openpyxl and the standard library raise on a damaged file (SyntaxError: XML that is none).
DAMAGED = (
    ArithmeticError, AttributeError, BadZipFile, EOFError, LookupError, NotImplementedError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, zlib.error,
)  # fmt: skip
FIRST_DAY = date(1900, 1, 2)  # before it, Excel's days are times without a day
# The number formats 0000 and "M-"0000: a text in front, and how many digits are shown at least.
_PADDED = re.compile(r'(?P<before>(?:"[^"]*"|\\.|[-+ ()/])*)(?P<zeros>0+)')
_NOT_SHOWN = re.compile(r"\[[^\]]*\]|[_*].")  # colours, countries, conditions, widths
# A cell with a formula (f) and no value (v) behind it. Each part ends at the next <, so that the time is linear.
_WITHOUT_RESULT = re.compile(
    rb"<(?:\w+:)?c ([^<>]*)>\s*<(?:\w+:)?f(?:>| [^<>]*>)[^<]*</(?:\w+:)?f>\s*(?:<(?:\w+:)?v ?/>|<(?:\w+:)?v></|</)"
)
_DRAWN_LINE = re.compile(r"(?=.{3}):?[-=_+]{2,}:?")
_PLACE = re.compile(rb'\br="([A-Z]{1,3}\d{1,7})"')
_EMPTY_TEXT = b't="str"'  # a text without a value is an empty one

Line = tuple[int, list[str]]


class Refused(Exception):
    """The workbook is not read. code, cell: as written."""

    def __init__(self, code: str, cell: str = "") -> None:
        super().__init__(code)
        self.code, self.cell = code, cell


def is_blank(cells: Iterable[str]) -> bool:
    """Return whether no cell has a text, or only a drawn line between the rows. Also for the lines of a CSV."""
    return all(not text or _DRAWN_LINE.fullmatch(text) for text in (cell.strip() for cell in cells))


def sheets_of(content: bytes, chosen: str, texts: dict[bool, str]) -> dict[str, Any]:
    """Return the `names` of the visible sheets with a text, and the `lines` of the chosen sheet, else of the first.

    texts: the words for true and false. Raises Refused.
    """
    from openpyxl import load_workbook

    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")  # on formats that do not matter here
    _require_small(content)
    _require_results(content)
    book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    names: list[str] = []
    read: list[Line] = []
    for sheet in [each for each in book.worksheets if each.sheet_state == "visible"][:SHEETS_MAX]:
        lines, name = _lines(sheet, texts), sheet.title[:NAME_LENGTH_MAX]
        found = list(islice(lines, None if name == chosen or not (names or chosen) else 1))
        if found:
            read = found if name == chosen or not (names or chosen) else read
            names.append(name)
    return {"names": names, "lines": read}


def _require_small(content: bytes) -> None:
    with ZipFile(BytesIO(content)) as archive:
        files = archive.infolist()
    if len(files) > FILES_MAX or sum(file.file_size for file in files) > UNPACKED_MAX:
        raise Refused("too_large")
    if not any(file.filename == "xl/workbook.xml" for file in files):
        raise Refused("damaged")


def _require_results(content: bytes) -> None:
    """Refuse a workbook with formulas that were never calculated: programs write them so, and they look empty."""
    with ZipFile(BytesIO(content)) as archive:
        for file in archive.infolist():
            if file.filename.startswith("xl/worksheets/"):
                _require_results_in(archive.read(file))


def _require_results_in(sheet: bytes) -> None:
    for found in _WITHOUT_RESULT.finditer(sheet):
        place = _PLACE.search(found[1])
        if place and _EMPTY_TEXT not in found[1]:
            raise Refused("formula", place[1].decode())


def _lines(sheet: Any, texts: dict[bool, str]) -> Iterator[Line]:
    sheet.reset_dimensions()  # the size that a file claims for itself may be wrong
    room, count = TEXT_MAX, 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > ROW_NUMBER_MAX:
            raise Refused("damaged")
        line = [_text(cell, texts) for cell in cells[:CELLS_MAX]]
        line += [_text(cell, texts) for cell in islice((one for one in cells[CELLS_MAX:] if one.value is not None), 1)]
        if is_blank(line):
            continue
        count, room = count + 1, room - sum(map(len, line)) - len(line)
        if room < 0:
            raise Refused("too_large")
        if count > LINES_MAX:
            raise Refused("too_many_rows")
        yield number, line


def _text(cell: Any, texts: dict[bool, str]) -> str:
    """Return the value of a cell as a text that the parsers of cells read."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return texts[value]
    if isinstance(value, (int, float)):
        return _number(value, str(cell.number_format or "")[:FORMAT_LENGTH_MAX])
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


def main(chosen: str, yes: str, no: str) -> None:
    """Write what is in the workbook, or why it is not read."""
    try:
        written = sheets_of(sys.stdin.buffer.read(), chosen, {True: yes, False: no})
    except Refused as refusal:
        written = {"fault": refusal.code, "cell": refusal.cell}
    except MemoryError:
        written = {"fault": "too_large"}
    except DAMAGED:
        written = {"fault": "damaged"}
    sys.stdout.buffer.write(json.dumps(written, ensure_ascii=False).encode("utf-8", "replace"))


if __name__ == "__main__":
    main(*sys.argv[1:])
