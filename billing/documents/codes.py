"""The VAT of lines of the ledger: that of the tariff, else what the treasurer said once for all documents.

What is counted against a share goes back with the VAT that the invoices of its charges and advances stated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from billing.documents.terms import COUNTED, TermsInput
from billing.documents.treatment import MIXED_CODES, MIXED_VAT, Taxation
from billing.documents.vat import Treatment
from billing.ledger.counted import CountedKind, counted_sources
from billing.models import DocumentLine, Posting

LineKey = tuple[int, int]  # id of the entry, number of the line
Invoiced = set[Treatment | None]  # how invoices state parts of something; None: a part stands in none
Kinds = Mapping[CountedKind, Invoiced]
AT_ONCE = 1_000


class Codes:
    """Finds the VAT of lines; what allocations count is read once, for all of them."""

    def __init__(self, session: Session, rows: Sequence[Row[Any]], said: TermsInput, taxation: Taxation) -> None:
        self._said, self._taxation = said, taxation
        counted = [row for row in rows if row.topic == COUNTED]
        member_ids = {row.member_id for row in counted}
        self._kinds = _kinds(session, {row.allocation_id for row in counted}, member_ids)
        self._places = _places(session, {row.entry_id for row in counted}, member_ids)

    def treatment(self, row: Row[Any]) -> Treatment | str:
        """Return how a line is taxed, or why it cannot be: a code.

        What is counted goes back with the VAT with which it came: each kind in a line of its own. Of what was posted
        before, a line has all kinds. What of it was not invoiced has the VAT that is said today.
        """
        if row.topic != COUNTED:
            return self._by_code(row, row.tax_code or self._said.code_of(row.topic))
        kinds = self._kinds_of(row)
        codes = {self._code(kind) for kind in kinds} or {self._said.use_code}
        said = self._by_code(row, next(iter(codes)) if len(codes) == 1 else MIXED_CODES)
        invoiced: Invoiced = set().union(*kinds.values())
        if not invoiced - {None} or (None in invoiced and isinstance(said, str)):
            return said
        found = {said if one is None else one for one in invoiced}
        return found.pop() if len(found) == 1 else MIXED_VAT

    def _by_code(self, row: Row[Any], code: str | None) -> Treatment | str:
        return self._taxation.of(code, row.service_from, row.service_until)

    def _kinds_of(self, row: Row[Any]) -> Kinds:
        """Return the kinds that a line counts: one, or all where they have one line together."""
        kinds = self._kinds.get((row.allocation_id, row.member_id), {})
        numbers = self._places[row.entry_id, row.member_id]
        if len(numbers) != len(kinds):
            return kinds
        kind = sorted(kinds)[numbers.index(row.number)]
        return {kind: kinds[kind]}

    def _code(self, kind: CountedKind) -> str | None:
        is_advance, tax_code = kind
        return self._said.advance_code if is_advance else tax_code or self._said.use_code


def invoiced_as(session: Session, entry_ids: Collection[int]) -> dict[LineKey, Treatment]:
    """Return the treatment of lines as the document states it that they stand in."""
    columns = DocumentLine.entry_id, DocumentLine.posting_number, DocumentLine.turn
    stated = DocumentLine.category, DocumentLine.percent, DocumentLine.reason
    last: dict[LineKey, tuple[int, Treatment]] = {}
    ids = sorted(entry_ids)
    for start in range(0, len(ids), AT_ONCE):
        of_some = select(*columns, *stated).where(DocumentLine.entry_id.in_(ids[start : start + AT_ONCE]))
        for entry_id, number, turn, category, percent, reason in session.execute(of_some.order_by(DocumentLine.turn)):
            last[entry_id, number] = turn, Treatment(category, percent, reason)
    return {key: treatment for key, (turn, treatment) in last.items() if turn % 2 == 1}


def _kinds(session: Session, allocation_ids: Collection[int], member_ids: Collection[int]) -> dict[LineKey, Kinds]:
    """Return (allocation id, member id) -> what the allocation counts, and how that was invoiced.

    What is zero, as a charge and its reversal, has no line.
    """
    sources = list(counted_sources(session, allocation_ids, member_ids)) if allocation_ids else []
    known = invoiced_as(session, {one.entry_id for one in sources})
    sums: defaultdict[LineKey, Counter[CountedKind]] = defaultdict(Counter)
    found: defaultdict[LineKey, defaultdict[CountedKind, Invoiced]] = defaultdict(lambda: defaultdict(set))
    for part, entry_id, number, _day in sources:
        place = part.allocation_id, part.member_id
        sums[place][part.kind] += part.cents
        found[place][part.kind].add(known.get((entry_id, number)))
    return {
        place: {kind: invoiced for kind, invoiced in of_place.items() if sums[place][kind]}
        for place, of_place in found.items()
    }


def _places(
    session: Session, entry_ids: Collection[int], member_ids: Collection[int]
) -> defaultdict[tuple[int, int], list[int]]:
    """Return (entry id, member id) -> the numbers of its lines of what is counted, in their order."""
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    if entry_ids:
        columns = Posting.entry_id, Posting.member_id, Posting.number
        wanted = select(*columns).where(Posting.entry_id.in_(sorted(entry_ids)), Posting.topic == COUNTED)
        wanted = wanted.where(Posting.member_id.in_(member_ids))
        for entry_id, member_id, number in session.execute(wanted.order_by(*columns)):
            found[entry_id, member_id or 0].append(number)
    return found
