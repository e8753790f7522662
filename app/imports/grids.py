"""Files as grids of cells: CSV texts with any usual separator, and the sheets of workbooks."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO

from flask_babel import gettext as _

from app.imports.errors import TableError
from app.imports.workbook_reader import is_blank

ROWS_MAX = 10_000
COLUMNS_MAX = 300
SEPARATORS = (";", ",", "\t", "|")
LINES_LOOKED_AT = 40
_SINGLE_QUOTES = re.compile(r"""\s*'[^'\n]*'(?:[;,\t|]'[^'\n]*')+\s*(?:\n|$)""")
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?[;,\t]*\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a grid: its number in the file, which begins with 1, and its cells as they are."""

    number: int
    cells: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        """Whether no cell has a text, or only a drawn line between the rows."""
        return is_blank(self.cells)


Grid = tuple[Line, ...]


def grid_of_csv(text: str, rate: Callable[[Sequence[Line]], int]) -> Grid:
    """Return the lines of a CSV text that are not blank. Raises TableError.

    rate: how well the first lines fit, for the choice of the separator where no line "sep=;" names it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("<"):
        raise TableError(
            _("This is a web page or XML, whatever its name. Open it in a spreadsheet and save it as .xlsx or CSV.")
        )
    quote = "'" if _SINGLE_QUOTES.match(text) else '"'
    first, _newline, rest = text.partition("\n")
    if named := _SEPARATOR_LINE.fullmatch(first):
        return _parsed(rest, named[1], quote, skipped=1)
    start = _beginning(text)
    best = max(SEPARATORS, key=lambda separator: _fit(start, separator, quote, rate))
    return _parsed(text, best, quote)


def _beginning(text: str) -> str:
    lines = text.split("\n", LINES_LOOKED_AT)
    return "\n".join(lines[:LINES_LOOKED_AT])


def _fit(start: str, separator: str, quote: str, rate: Callable[[Sequence[Line]], int]) -> tuple[int, int, int]:
    """Return how well a separator fits: what rate() finds, then lines of the same number of cells, then cells."""
    try:
        reader = csv.reader(StringIO(start, newline=""), delimiter=separator, quotechar=quote)
        rows = [tuple(cells[: COLUMNS_MAX + 1]) for cells in reader]  # more are refused whatever they are
    except csv.Error:  # a cell of more than 131,072 characters
        return 0, 0, 0
    lines = _unwrapped([line for line in (Line(0, cells) for cells in rows) if not line.is_blank], separator)
    widths = Counter(len(line.cells) for line in lines if len(line.cells) > 1)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return rate(lines), count, width


def _parsed(text: str, separator: str, quote: str, *, skipped: int = 0) -> Grid:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, quotechar=quote, strict=True)
    lines: list[Line] = []
    try:
        for cells in reader:
            if not cells:
                continue
            beyond = [text for text in cells[COLUMNS_MAX:] if text][:1]  # refused where it is no blank line
            line = Line(reader.line_num + skipped, (*cells[:COLUMNS_MAX], *beyond))
            if not line.is_blank:
                lines.append(line)
                require_bounds(lines)
    except csv.Error as error:
        line_number = reader.line_num + skipped
        if "field limit" in str(error):
            raise TableError(
                _(
                    "Line %(line)s: a cell has more than 130,000 characters. Perhaps a quotation mark is missing.",
                    line=line_number,
                )
            ) from error
        raise TableError(_("Line %(line)s cannot be read: a quotation mark is missing.", line=line_number)) from error
    return tuple(_unwrapped(lines, separator))


def _unwrapped(lines: Sequence[Line], separator: str) -> list[Line]:
    """Return the lines, those split that stand in one cell as a whole and have as many cells as a line above.

    A spreadsheet saves them so that has opened a file whose separator is not the one of its language.
    """
    widths = {len(line.cells) for line in lines[:1] if len(line.cells) > 1}
    if lines and not any(len(line.cells) > 1 for line in lines):
        widths = {len(_split(lines[0], separator).cells)} - {1}
    found = []
    for line in lines:
        split = _split(line, separator) if len(line.cells) == 1 else line
        found.append(split if len(split.cells) in widths else line)
        widths.add(len(line.cells))
    return found


def _split(line: Line, separator: str) -> Line:
    try:
        rows = list(csv.reader(StringIO(line.cells[0], newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return line
    return Line(line.number, tuple(rows[0])) if len(rows) == 1 else line


def require_bounds(lines: Sequence[Line]) -> None:
    """Raise TableError where a grid has too many lines, or its last line too many cells."""
    if len(lines) > ROWS_MAX + LINES_LOOKED_AT:
        raise TableError(too_many_rows())
    if lines and len(lines[-1].cells) > COLUMNS_MAX and any(lines[-1].cells[COLUMNS_MAX:]):
        raise TableError(_("More than %(count)s columns. Leave out those that are not needed.", count=COLUMNS_MAX))


def too_many_rows() -> str:
    """Return what is said of a file with too many rows."""
    return _("More than 10,000 rows. Split the file into several.")
