"""The tax keys of what was exported: a row that takes an amount back has the key that the amount had in its file.

What is said of its VAT may have changed since, or an invoice may have been issued only after the file was made. The
file is read again, as nothing else states what the adviser's program has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports import datev
from billing.models import Document, DocumentLine, Entry, ExportedEntry
from billing.posting_exports.recording import content_of_export
from billing.posting_exports.terms import DATEV
from billing.queries.ledger import LedgerLine

ENTRY_PREFIX = "B"  # of an entry without an invoice, as document number: Buchung
HEADER_LINES = 2
Written = dict[tuple[str, str, str], set[str | None]]  # document, side, amount -> keys; None: the account computes VAT


class ExportedKeys:
    """Finds the keys of lines that take back others of an earlier file. Each file is read once.

    written: the entries of the file that is made now; where they hold what is taken back, both are taxed alike.
    """

    def __init__(self, session: Session, written: Collection[int]) -> None:
        self._session, self._written = session, frozenset(written)
        self._files: dict[int, Written] = {}
        self._export_of: dict[int, int] = {}  # id of an entry that takes one back -> the last file with that one
        self._documents: dict[tuple[int, int], set[str]] = {}

    def read(self, entry_ids: Sequence[int]) -> None:
        """Read which of some entries take back what is in an earlier file; those of the batch before are forgotten."""
        statement = (
            select(Entry.id, Entry.reverses_id, func.max(ExportedEntry.export_id).label("export_id"))
            .join(ExportedEntry, (ExportedEntry.entry_id == Entry.reverses_id) & (ExportedEntry.kind == DATEV))
            .where(Entry.id.in_(entry_ids))
            .group_by(Entry.id, Entry.reverses_id)
        )
        rows = [row for row in self._session.execute(statement) if row.reverses_id not in self._written]
        self._export_of = {row.id: row.export_id for row in rows}
        self._documents = defaultdict(set)
        invoiced = (
            select(DocumentLine.entry_id, DocumentLine.posting_number, Document.number)
            .join(Document, Document.id == DocumentLine.document_id)
            .where(DocumentLine.entry_id.in_([row.reverses_id for row in rows]))
        )
        for entry_id, number, document in self._session.execute(invoiced):
            self._documents[entry_id, number].add(datev.document_key(document))

    def of(self, line: LedgerLine) -> str | None:
        """Return the key of the row that a line takes back; None where it is in no file, or not to be told there."""
        export_id = self._export_of.get(line.entry_id)
        if export_id is None or line.reverses_id is None:
            return None
        if export_id not in self._files:
            self._files[export_id] = _rows_of(content_of_export(self._session, export_id))
        rows = self._files[export_id]
        if not rows:
            return ""
        documents = {f"{ENTRY_PREFIX}{line.reverses_id}"} | self._documents.get((line.reverses_id, line.number), set())
        side, amount = "H" if line.cents > 0 else "S", datev.amount(abs(line.cents))
        found = {key for document in documents for key in rows.get((document, side, amount), ())}
        return found.pop() if len(found) == 1 else None


def _rows_of(content: bytes) -> Written:
    """Return the rows of a file; none if it has no key: from before there were any, or of a ring that states no VAT."""
    rows: Written = defaultdict(set)
    for line in content.decode(datev.ENCODING).split(datev.END)[HEADER_LINES:]:
        fields = [field.strip('"') for field in line.split(";", datev.DOCUMENT)]
        if len(fields) > datev.DOCUMENT:
            key = None if datev.computes_vat(fields[datev.COUNTER - 1]) else fields[datev.TAX_KEY - 1]
            rows[fields[datev.DOCUMENT - 1], fields[datev.SIDE - 1], fields[datev.AMOUNT - 1]].add(key)
    return rows if any(keys != {""} for keys in rows.values()) else {}
