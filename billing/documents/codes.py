"""The VAT codes of lines of the ledger: that of the tariff, else what the treasurer said once for all documents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from billing.documents.terms import COUNTED, TermsInput
from billing.documents.treatment import MIXED_CODES
from billing.ledger.entries import CountedKind, counted_parts
from billing.models import Posting

Kinds = dict[tuple[int, int], tuple[CountedKind, ...]]


class Codes:
    """Finds the codes of lines; what allocations count is read once, for all of them."""

    def __init__(self, session: Session, rows: Sequence[Row[Any]], said: TermsInput) -> None:
        self._said = said
        counted = [row for row in rows if row.topic == COUNTED]
        member_ids = {row.member_id for row in counted}
        self._kinds = _kinds(session, {row.allocation_id for row in counted}, member_ids)
        self._places = _places(session, {row.entry_id for row in counted}, member_ids)

    def of(self, row: Row[Any]) -> str | None:
        """Return the code of a line; None where none is said; MIXED_CODES where it has several.

        What is counted against a share goes back with the VAT with which it came: each kind in a line of its own. Of
        what was posted before, a line has all kinds.
        """
        if row.topic != COUNTED:
            return row.tax_code or self._said.code_of(row.topic)
        kinds = self._kinds.get((row.allocation_id, row.member_id), ())
        numbers = self._places[row.entry_id, row.member_id]
        if len(numbers) == len(kinds):
            return self._code(kinds[numbers.index(row.number)])
        codes = {self._code(kind) for kind in kinds} or {self._said.use_code}
        return next(iter(codes)) if len(codes) == 1 else MIXED_CODES

    def _code(self, kind: CountedKind) -> str | None:
        is_advance, tax_code = kind
        return self._said.advance_code if is_advance else tax_code or self._said.use_code


def _kinds(session: Session, allocation_ids: Collection[int], member_ids: Collection[int]) -> Kinds:
    """Return (allocation id, member id) -> what the allocation counts, in the order of its lines.

    What is zero, as a charge and its reversal, has no line.
    """
    found: defaultdict[tuple[int, int], Counter[CountedKind]] = defaultdict(Counter)
    for one in counted_parts(session, allocation_ids, member_ids) if allocation_ids else ():
        found[one.allocation_id, one.member_id][one.kind] += one.cents
    return {key: tuple(sorted(kind for kind, cents in sums.items() if cents)) for key, sums in found.items()}


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
