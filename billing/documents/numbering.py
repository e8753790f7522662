"""Numbers of documents: one after another in each range and year. Given inside the transaction that issues."""

from __future__ import annotations

from sqlalchemy.orm import Session

from billing.models import DocumentNumber
from booking.kernel.claims import insert_if_absent

INVOICES, CANCELLATIONS, STATEMENTS = "R", "S", "A"
SERIES = {"invoice": INVOICES, "cancellation": CANCELLATIONS, "statement": STATEMENTS}


def next_number(session: Session, series: str, year: int) -> int:
    """Return the next number of a range; others wait for the row until the transaction ends.

    Rolled back, the number was never given: the next document gets it.
    """
    insert_if_absent(session, DocumentNumber, series=series, year=year, last=0)
    row = session.get_one(DocumentNumber, (series, year), with_for_update=True, populate_existing=True)
    row.last += 1
    session.flush()
    return row.last


def full_number(series: str, year: int, sequence: int) -> str:
    """Return a number as documents bear it: R-2026-00042."""
    return f"{series}-{year}-{sequence:05}"
