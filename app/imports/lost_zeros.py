"""Numbers that a spreadsheet may have changed (0042 to 42): restored or taken as written, as the user decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask_babel import gettext as _

from app.imports.cells import CellError
from app.imports.columns import Columns
from app.imports.report import LostZeros
from app.wording.folding import fold

RESTORE, AS_WRITTEN = "restore", "as-written"
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def number_key(number: str) -> str:
    """Return a number without what spreadsheets and people change: 0042 and 42, M-0042 and m 42 have the same."""
    return _LEADING_ZEROS.sub("", fold(number))


def similar_number(number: str, stored: Iterable[str]) -> str:
    """Return the only stored number that differs in leading zeros, case, spaces or hyphens alone; else ""."""
    found = [each for each in stored if number_key(each) == number_key(number)]
    return found[0] if len(found) == 1 and found[0] != number else ""


@dataclass(slots=True)
class ZeroRestorer:
    """Restores numbers that lost their zeros, as the user has decided; collects those that are not decided.

    columns: for the headers in the questions. decision: RESTORE, AS_WRITTEN or "".
    """

    columns: Columns
    decision: str
    undecided: list[LostZeros] = field(default_factory=list)

    def restored(self, line: int, column: str, written: str, probable: str) -> str:
        """Return the number to use for one that was probably another one; "" as probable: it was none.

        column: its field. Raises CellError while undecided.
        """
        if not probable or self.decision == AS_WRITTEN:
            return written
        if self.decision == RESTORE:
            return probable
        header = self.columns.header(column)
        self.undecided.append(LostZeros(line, header, written, probable))
        raise CellError(
            _(
                "%(column)s: is “%(written)s” the same as “%(probable)s”? Spreadsheets drop leading zeros. "
                "Answer the question about them.",
                column=header,
                written=written[:40],
                probable=probable[:40],
            )
        )
