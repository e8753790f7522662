"""Whether an import takes longer than a page may, told from the file before it is read."""

from __future__ import annotations

from app.imports.workbooks import is_workbook

# What takes about two seconds of one processor, by kind: lines of a text, or bytes of a workbook, which is packed.
LINES_AT_ONCE = {"members": 3_000, "machines": 200, "reservations": 2_000, "shares": 1_000}
BYTES_OF_LINE = 40


def is_long(kind: str, content: bytes) -> bool:
    """Return whether previewing or storing a file of a kind takes longer than about two seconds."""
    if is_workbook(content):
        return len(content) > LINES_AT_ONCE[kind] * BYTES_OF_LINE
    return content.count(b"\n") + content.count(b"\r") > LINES_AT_ONCE[kind]
