"""Entries of the ledger as rows of a DATEV batch: each line against another one of its entry.

The rows of an entry add up to its lines on every account. An entry is cut where its lines sum to zero (the shares of
an allocation, and what is counted against them on each account); in each part, one line is the contra account of all
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.datev import BatchRow
from billing.ledger.filed_accounts import DATEV
from billing.models import Document, DocumentLine
from billing.posting_exports.counted_parts import as_they_came
from billing.posting_exports.exported_keys import ENTRY_PREFIX
from billing.posting_exports.selection import ExportPreview, batches, member_account
from billing.posting_exports.tax_keys import TaxKeys
from billing.queries.ledger import LedgerLine, accounts, lines_of_entries

# Text of a line: for the part of the file that people read.
LineText = Callable[[LedgerLine], str]
Numbers = Mapping[tuple[int, int], str]


def batch_rows(session: Session, preview: ExportPreview, text_of: LineText) -> Iterator[BatchRow]:
    """Yield the rows of the entries of a preview, in the order of their posting."""
    numbers = {each.id: each.number for each in accounts(session)}
    keys = TaxKeys(session, preview.terms, numbers, preview.entry_ids)
    for ids in batches(preview.entry_ids):
        invoices = _invoice_numbers(session, ids)
        for line, contra, key in _pairs(session, ids, keys):
            yield BatchRow(
                cents=abs(line.cents),
                side="S" if line.cents > 0 else "H",
                account=_account(line, preview, numbers),
                counter_account=_account(contra, preview, numbers),
                day=line.posting_date,
                document=invoices.get((line.entry_id, line.number), f"{ENTRY_PREFIX}{line.entry_id}"),
                text=text_of(line),
                service_day=line.service_until,
                tax_key=key or "",
            )


def rows_of_unknown_vat(session: Session, preview: ExportPreview) -> int:
    """Return how many rows of a DATEV batch would have no key because it is not known yet how they are taxed."""
    numbers = {each.id: each.number for each in accounts(session)}
    keys = TaxKeys(session, preview.terms, numbers, preview.entry_ids)
    if preview.kind != DATEV or not keys.are_stated:
        return 0
    return sum(key is None for ids in batches(preview.entry_ids) for *_lines, key in _pairs(session, ids, keys))


def _pairs(
    session: Session, entry_ids: Sequence[int], keys: TaxKeys
) -> Iterator[tuple[LedgerLine, LedgerLine, str | None]]:
    """Yield the lines of entries, each with its contra line and its tax key; None where its VAT is not known."""
    lines = lines_of_entries(session, entry_ids)
    keys.read(lines)
    for _entry_id, of_entry in groupby(lines, key=lambda line: line.entry_id):
        for part in (one for whole in _parts(of_entry) for one in as_they_came(session, whole, keys)):
            contra = next((line for line in reversed(part.lines) if line.member_id is None), part.lines[-1])
            others = (line for line in part.lines if line is not contra)
            yield from ((line, contra, keys.of(line, contra, part.key)) for line in others)


def _parts(lines: Iterable[LedgerLine]) -> Iterator[list[LedgerLine]]:
    """Yield the parts of an entry that sum to zero."""
    part: list[LedgerLine] = []
    total = 0
    for line in lines:
        part.append(line)
        total += line.cents
        if total == 0:
            yield part
            part = []


def _account(line: LedgerLine, preview: ExportPreview, numbers: Mapping[int, str]) -> str:
    if line.member_id is not None and preview.terms.has_member_accounts:
        return member_account(preview.account_length, line.member_id)
    return numbers[line.account_id]


def _invoice_numbers(session: Session, entry_ids: Sequence[int]) -> Numbers:
    """Return (entry id, number of the line) -> number of the invoice that it is in and that was not taken back."""
    last = (
        select(DocumentLine.entry_id, DocumentLine.posting_number, func.max(DocumentLine.turn).label("turn"))
        .where(DocumentLine.entry_id.in_(entry_ids))
        .group_by(DocumentLine.entry_id, DocumentLine.posting_number)
        .subquery()
    )
    same = (
        (DocumentLine.entry_id == last.c.entry_id)
        & (DocumentLine.posting_number == last.c.posting_number)
        & (DocumentLine.turn == last.c.turn)
    )
    rows = session.execute(
        select(DocumentLine.entry_id, DocumentLine.posting_number, Document.number)
        .join(last, same)
        .join(Document, Document.id == DocumentLine.document_id)
        .where(DocumentLine.turn % 2 == 1)
    )
    return {(entry_id, number): document for entry_id, number, document in rows}
