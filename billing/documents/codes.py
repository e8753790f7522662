"""The VAT codes of lines of the ledger: that of the tariff, else what the treasurer said once for all documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from billing.documents.terms import COUNTED, TermsInput
from billing.documents.treatment import MIXED_CODES
from billing.models import AllocationAdvance, AllocationCharge, Charge

Counted = dict[tuple[int, int], set[str | None]]


class Codes:
    """Finds the codes of lines; what allocations count is read once, for all of them."""

    def __init__(self, session: Session, rows: Sequence[Row[Any]], said: TermsInput) -> None:
        self._said = said
        allocation_ids = {row.allocation_id for row in rows if row.topic == COUNTED}
        self._counted = _counted(session, allocation_ids, said) if allocation_ids else {}

    def of(self, row: Row[Any]) -> str | None:
        """Return the code of a line; None where none is said; MIXED_CODES where it has several.

        What is counted against a share goes back with the VAT with which it came.
        """
        if row.topic != COUNTED:
            return row.tax_code or self._said.code_of(row.topic)
        codes = self._counted.get((row.allocation_id, row.member_id), {self._said.use_code})
        return next(iter(codes)) if len(codes) == 1 else MIXED_CODES


def _counted(session: Session, allocation_ids: set[int], said: TermsInput) -> Counted:
    """Return (allocation id, member id) -> the codes of the charges and advances that it counts."""
    found: Counted = defaultdict(set)
    of_charges = (
        select(AllocationCharge.allocation_id, AllocationCharge.member_id, Charge.tax_code)
        .join(Charge, Charge.id == AllocationCharge.charge_id)
        .where(AllocationCharge.allocation_id.in_(allocation_ids))
        .distinct()
    )
    for allocation_id, member_id, tax_code in session.execute(of_charges):
        found[allocation_id, member_id].add(tax_code or said.use_code)
    advance = AllocationAdvance
    of_advances = select(advance.allocation_id, advance.member_id).where(advance.allocation_id.in_(allocation_ids))
    for allocation_id, member_id in session.execute(of_advances.distinct()):
        found[allocation_id, member_id].add(said.advance_code)
    return found
