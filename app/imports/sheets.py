"""A grid as a sheet: the line of the headers, the columns with their cells, the rows below."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from flask_babel import gettext as _
from flask_babel import ngettext

from app.imports.cell_texts import clean
from app.imports.columns import Columns
from app.imports.errors import TableError
from app.imports.grids import LINES_LOOKED_AT, ROWS_MAX, Grid, Line, too_many_rows
from app.wording.folding import fold

SAMPLES_MAX = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of a file by their headers, each header once, and its rows. Columns without any text are left out."""

    headers: tuple[str, ...]
    rows: tuple[Line, ...]

    @property
    def shape(self) -> str:
        """The headers as a key under which a mapping is remembered, whatever the order of the columns."""
        return shape_of(self.headers)

    def samples(self, position: int) -> tuple[str, ...]:
        """Return the first different texts of a column."""
        texts = dict.fromkeys(clean(row.cells[position])[:60] for row in self.rows[:200])
        return tuple(text for text in texts if text)[:SAMPLES_MAX]


def known_headers(known: Columns) -> Callable[[Sequence[Line]], int]:
    """Return a function that counts the known headers in the best of some lines."""

    def rate(lines: Sequence[Line]) -> int:
        return max((_known_in(line, known) for line in lines[:LINES_LOOKED_AT]), default=0)

    return rate


def shape_of(headers: Iterable[str]) -> str:
    """Return the key of some headers; one without a letter or digit does not count."""
    return hashlib.sha256("|".join(sorted(filter(None, map(fold, headers)))).encode()).hexdigest()


def sheet_of(grid: Grid, known: Columns, remembered: Collection[str]) -> Sheet:
    """Return the sheet in a grid; lines above the headers, such as a title, are left out.

    remembered: the shapes of the files that were imported before. Raises TableError.
    """
    if not grid:
        raise TableError(_("The file is empty: even the line with the names of the columns is missing."))
    shapes = [shape_of(_headers(line)) for line in grid[:LINES_LOOKED_AT]]
    before = next((position for position, shape in enumerate(shapes) if shape in remembered), None)
    sheet = _below(grid, _header_position(grid, known) if before is None else before)
    if not sheet.rows:
        raise TableError(_("The file has a header but no rows."))
    if len(sheet.rows) > ROWS_MAX:
        raise TableError(too_many_rows())
    return sheet


def _headers(line: Line) -> tuple[str, ...]:
    return _unique([clean(cell) for cell in line.cells])


def _header_position(grid: Grid, known: Columns) -> int:
    """Return the position of the line with most known headers, else of the first line with several cells."""
    start = grid[:LINES_LOOKED_AT]
    counts = [_known_in(line, known) for line in start]
    filled = [sum(bool(cell.strip()) for cell in line.cells) for line in start]
    best = counts.index(max(counts))
    needed = filled[best] if counts[best] >= min(2, filled[best]) else 2
    # A line above with as many cells is no title: the words of a row may be names of columns too.
    return next((position for position, count in enumerate(filled) if count >= needed), 0)


def _known_in(line: Line, known: Columns) -> int:
    return len({column for cell in line.cells if (column := known.column_of(clean(cell)))})


def _below(grid: Grid, position: int) -> Sheet:
    """Return the sheet whose headers are at a position of the grid."""
    header, rows = grid[position], grid[position + 1 :]
    width = len(header.cells)
    while width and not clean(header.cells[width - 1]):
        width -= 1
    for row in rows:
        _require_width(row, width)
    padded = [line for line in (_of_width(row, width) for row in rows) if not _repeats(line, header)]
    kept = [at for at in range(width) if clean(header.cells[at]) or any(row.cells[at].strip() for row in padded)]
    names = _headers(header)
    headers = tuple(names[at] or f"[{letter_of(at)}]" for at in kept)
    return Sheet(headers, tuple(Line(row.number, tuple(row.cells[at] for at in kept)) for row in padded))


def _of_width(row: Line, width: int) -> Line:
    return Line(row.number, (*row.cells, *("",) * width)[:width])


def _repeats(row: Line, header: Line) -> bool:
    """Return whether a row is the header once more, as on each page of a printed list or between joined files."""
    pairs = [(clean(cell), clean(name)) for cell, name in zip(row.cells, header.cells, strict=False)]
    return len(pairs) > 1 and all(cell == name for cell, name in pairs)


def _require_width(row: Line, width: int) -> None:
    """Refuse a row with texts to the right of the last header; empty cells there are padding."""
    used = len(row.cells)
    while used > width and not clean(row.cells[used - 1]):
        used -= 1
    if used > width:
        raise TableError(
            ngettext(
                "Line %(line)s has %(num)s column; the header has %(wanted)s. Write a name above “%(text)s”, or "
                "put the text with the separator into quotation marks.",
                "Line %(line)s has %(num)s columns; the header has %(wanted)s. Write a name above “%(text)s”, or "
                "put the text with the separator into quotation marks.",
                used,
                line=row.number,
                wanted=width,
                text=clean(row.cells[used - 1])[:40],
            )
        )


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return the headers with a number behind those that occur again."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        key = fold(name) or name
        seen[key] += 1
        unique.append(name if seen[key] == 1 or not name else f"{name} [{seen[key]}]")
    return tuple(unique)


def letter_of(position: int) -> str:
    """Return the letter of a column as spreadsheets name it: A, Z, AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = ascii_uppercase[rest] + letters
    return letters
