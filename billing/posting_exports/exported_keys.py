"""The tax keys of what was exported: a row that takes an amount back, or counts it against a share, has the key that
the amount had in its file.

What is said of its VAT may have changed since, or an invoice may have been issued only after the file was made. The
file is read again, as nothing else states what the adviser's program has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports import datev
from billing.ledger.filed_accounts import DATEV
from billing.models import Document, DocumentLine, ExportedEntry, Posting
from billing.posting_exports.recording import content_of_export
from billing.posting_exports.selection import batches

ENTRY_PREFIX = "B"  # of an entry without an invoice, as document number: Buchung
HEADER_LINES = 2
# document, side, amount -> keys, in the order of the rows; None: the account computes VAT
Written = dict[tuple[str, str, str], list[str | None]]


class ExportedKeys:
    """Finds the keys that lines have in earlier files. Each file is read once.

    written: the entries of the file that is made now; where they hold what is taken back, both are taxed alike.
    files: what was read of files, by their exports.
    """

    def __init__(self, session: Session, written: frozenset[int], files: dict[int, Written]) -> None:
        self._session, self._written, self._files = session, written, files
        self._export_of: dict[int, int] = {}  # id of an entry -> the last file with it
        self._documents: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)  # line -> keys of documents, ids

    def read(self, entry_ids: Collection[int]) -> None:
        """Read which of some entries are in an earlier file; those that were read before are forgotten."""
        self._export_of, self._documents = {}, defaultdict(dict)
        for ids in batches(sorted(set(entry_ids) - self._written)):
            in_files = (
                select(ExportedEntry.entry_id, func.max(ExportedEntry.export_id).label("export_id"))
                .where(ExportedEntry.entry_id.in_(ids), ExportedEntry.kind == DATEV)
                .group_by(ExportedEntry.entry_id)
            )
            self._export_of |= {row.entry_id: row.export_id for row in self._session.execute(in_files)}
            invoiced = (
                select(DocumentLine.entry_id, DocumentLine.posting_number, Document.number, Document.id)
                .join(Document, Document.id == DocumentLine.document_id)
                .where(DocumentLine.entry_id.in_(ids))
            )
            for entry_id, number, document, document_id in self._session.execute(invoiced):
                self._documents[entry_id, number][datev.document_key(document)] = document_id

    def of(self, entry_id: int, number: int, cents: int) -> str | None:
        """Return the key of the row of a line; None where it is in no file, or not to be told there."""
        export_id = self._export_of.get(entry_id)
        if export_id is None:
            return None
        if export_id not in self._files:
            self._files[export_id] = _rows_of(content_of_export(self._session, export_id))
        rows = self._files[export_id]
        if not rows:
            return ""
        documents = {f"{ENTRY_PREFIX}{entry_id}": None} | self._documents.get((entry_id, number), {})
        side, amount = "S" if cents > 0 else "H", datev.amount(abs(cents))
        of_documents = {one: keys for one in documents if (keys := rows.get((one, side, amount)))}
        found = {key for keys in of_documents.values() for key in keys}
        if len(found) == 1:
            return found.pop()
        by_order = [
            self._by_order(documents[one], keys, (entry_id, number), cents) for one, keys in of_documents.items()
        ]
        return by_order[0] if len(by_order) == 1 else None

    def _by_order(
        self, document_id: int | None, keys: Sequence[str | None], line: tuple[int, int], cents: int
    ) -> str | None:
        """Return the key of a line among several of an invoice with its sum: rows are in the order of their lines."""
        alike = (
            select(DocumentLine.entry_id, DocumentLine.posting_number)
            .join(
                Posting,
                (Posting.entry_id == DocumentLine.entry_id) & (Posting.number == DocumentLine.posting_number),
            )
            .join(ExportedEntry, ExportedEntry.entry_id == DocumentLine.entry_id)
            .where(
                DocumentLine.document_id == document_id,
                Posting.cents == cents,
                ExportedEntry.export_id == self._export_of[line[0]],
            )
            .order_by(DocumentLine.entry_id, DocumentLine.posting_number)
        )
        lines = [tuple(row) for row in self._session.execute(alike)]
        return keys[lines.index(line)] if len(lines) == len(keys) and line in lines else None


def _rows_of(content: bytes) -> Written:
    """Return the rows of a file; none if it has no key: from before there were any, or of a ring that states no VAT."""
    rows: Written = defaultdict(list)
    for line in content.decode(datev.ENCODING).split(datev.END)[HEADER_LINES:]:
        fields = [field.strip('"') for field in line.split(";", datev.DOCUMENT)]
        if len(fields) > datev.DOCUMENT:
            key = None if datev.computes_vat(fields[datev.COUNTER - 1]) else fields[datev.TAX_KEY - 1]
            rows[fields[datev.DOCUMENT - 1], fields[datev.SIDE - 1], fields[datev.AMOUNT - 1]].append(key)
    return rows if any(set(keys) != {""} for keys in rows.values()) else {}
