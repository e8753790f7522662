"""How lines of the ledger are taxed, whether they stand in a document yet or not. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from billing.documents.codes import Codes, LineKey, invoiced_as
from billing.documents.terms import terms
from billing.documents.treatment import Taxation
from billing.documents.vat import Treatment
from billing.models import Charge, Entry, Fee, Posting
from billing.models.party import RING
from billing.parties.party import parties

_FEE_ROW = aliased(Fee)


def treatments(session: Session, entry_ids: Sequence[int]) -> dict[LineKey, Treatment]:
    """Return how the lines that members owe are taxed: as their document states it, else as it would be invoiced.

    A line that takes another one back is taxed as that one is, whatever is said today: its lines have the same numbers.
    Left out: a line of which that is not known yet, because a regime, a rate or a VAT code is missing.
    """
    reversals = select(Entry.id, Entry.reverses_id).where(Entry.id.in_(entry_ids), Entry.reverses_id.is_not(None))
    taken_back = {row.reverses_id: row.id for row in session.execute(reversals)}  # an entry is reversed once
    own = set(entry_ids) - set(taken_back.values())
    read = sorted(own | taken_back.keys())
    known = _to_beinvoiced_as(session, read) | invoiced_as(session, read)
    found = {key: treatment for key, treatment in known.items() if key[0] in own}
    for (entry_id, number), treatment in known.items():
        if entry_id in taken_back:
            found[taken_back[entry_id], number] = treatment
    return found | invoiced_as(session, sorted(taken_back.values()))


def _to_beinvoiced_as(session: Session, entry_ids: Sequence[int]) -> dict[LineKey, Treatment]:
    """Return the treatment of lines by what is said today."""
    columns: tuple[Any, ...] = (
        Posting.entry_id,
        Posting.number,
        Posting.member_id,
        Posting.topic,
        Entry.allocation_id,
        Entry.service_from,
        Entry.service_until,
        func.coalesce(Charge.tax_code, Fee.tax_code).label("tax_code"),
    )
    rows = session.execute(
        select(*columns)
        .join(Entry, Entry.id == Posting.entry_id)
        .outerjoin(Charge, Charge.id == Entry.charge_id)
        .outerjoin(_FEE_ROW, _FEE_ROW.id == Entry.fee_id)
        .outerjoin(Fee, Fee.id == func.coalesce(_FEE_ROW.reverses_id, _FEE_ROW.id))
        .where(Posting.entry_id.in_(entry_ids), Posting.member_id.is_not(None))
    ).all()
    codes = Codes(session, rows, terms(session)[0], Taxation(session, parties(session, [RING])[RING]))
    found = {}
    for row in rows:
        treatment = codes.treatment(row)
        if isinstance(treatment, Treatment):
            found[row.entry_id, row.number] = treatment
    return found
