"""Entering a rate of VAT for days of which something may be posted already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from billing.charges.charges import charge_waiting_for_vat
from billing.documents.terms import lock_documents
from billing.ledger.posting import lock_ledger
from billing.parties import vat_rates
from billing.parties.kept_vat import Kept
from billing.parties.vat_rates import RateInput
from booking.errors.schedule_errors import Violation
from booking.kernel.events import Actor
from booking.records import records


def enter_rate(
    session: Session, entry: RateInput, *, confirms: Callable[[Kept], bool], by: Actor, now: datetime
) -> int:
    """Enter a rate of VAT and price the uses that waited for it; return how many.

    confirms: whether it is known that so much is posted with another rate and keeps it; asked where there is any.
    Nothing is posted or issued between that and the entry. Raises RecordRefused: also posted_keeps_vat (limit: how
    many charges and fees, actual: how many lines of documents).
    """
    records.refuse(vat_rates.check_rate(entry))
    lock_documents(session)  # in this order, as issued statements
    lock_ledger(session)
    kept = vat_rates.kept(session, entry)
    if kept and not confirms(kept):
        records.refuse([Violation("posted_keeps_vat", "posted_stays", kept.sums, kept.lines)])
    vat_rates.enter_rate(session, entry, by=by, now=now)
    return charge_waiting_for_vat(session, by=by, now=now)
