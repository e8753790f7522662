"""Excel workbooks as grids: the values of formulas, numbers and days as texts, several sheets.

A workbook is a ZIP archive from anywhere, and is read in a process of its own (workbook_reader.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from flask_babel import gettext as _

from app.background.bounded_program import BoundedProgram, ProgramFailed, ProgramStuck
from app.imports.errors import SheetUnclear, TableError
from app.imports.grids import Grid, Line, require_bounds, too_many_rows
from booking.kernel.errors import Busy

ZIP_MARK = b"PK\x03\x04"
OLD_WORKBOOK_MARK = b"\xd0\xcf\x11\xe0"  # .xls, and a workbook with a password
READER = BoundedProgram(
    Path(__file__).with_name("workbook_reader.py"),
    memory_bytes_max=400 * 1024 * 1024,
    processor_seconds_max=12,
    seconds_max=30.0,
)
NAME_LENGTH_MAX = 200  # of a sheet; Excel has 31
WAIT_SECONDS, RETRY_AFTER_SECONDS = 10.0, 30

_one_at_a_time = BoundedSemaphore(1)


def is_workbook(content: bytes) -> bool:
    """Return whether a file is a workbook, or another archive."""
    return content.startswith((ZIP_MARK, OLD_WORKBOOK_MARK))


def grid_of_workbook(content: bytes, chosen: str = "") -> Grid:
    """Return the lines of a sheet that are not blank. chosen: the name of the sheet.

    A workbook with rows in one sheet only needs no choice. Raises TableError, SheetUnclear, Busy.
    """
    read = _read(content, chosen)
    names, lines = tuple(read["names"]), _lines(read["lines"])
    if chosen and names and chosen not in names:
        message = _("This workbook has no sheet “%(name)s” with rows. Choose another.", name=chosen[:40])
        raise SheetUnclear(message, names)
    if len(names) > 1 and not chosen:
        message = _("This workbook has several sheets with rows. Choose the one to import.")
        raise SheetUnclear(message, names)
    return lines


def _read(content: bytes, chosen: str) -> dict[str, Any]:
    if content.startswith(OLD_WORKBOOK_MARK):
        raise TableError(
            _("This is an old Excel file (.xls) or one with a password. Save it as .xlsx without password, or as CSV.")
        )
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS)
    try:
        read: dict[str, Any] = json.loads(READER.output(content, chosen[:NAME_LENGTH_MAX], _("yes"), _("no")))
    except ProgramFailed as error:
        raise TableError(_fault({"fault": "too_large"})) from error
    except ProgramStuck as error:
        raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS) from error
    finally:
        _one_at_a_time.release()
    if "fault" in read:
        raise TableError(_fault(read))
    return read


def _fault(read: dict[str, Any]) -> str:
    if read["fault"] == "formula":
        return _(
            "Cell %(cell)s holds a formula without a result. Open the file in a spreadsheet, save it there, and "
            "choose it again.",
            cell=read["cell"],
        )
    if read["fault"] == "too_many_rows":
        return too_many_rows()
    if read["fault"] == "too_large":
        return _("This workbook is too large when unpacked. Save the sheet as CSV.")
    return _("This file is not an Excel workbook (.xlsx), or it is damaged. Save it again, or as CSV.")


def _lines(read: list[tuple[int, list[str]]]) -> Grid:
    lines: list[Line] = []
    for number, cells in read:
        line = Line(number, tuple(cells))
        if not line.is_blank:
            lines.append(line)
            require_bounds(lines)
    return tuple(lines)
