"""Which accounts DATEV files hold amounts of. Reads only.

What takes such an amount back is posted to the account of that day's number: if the number changes in between, the
adviser's books have the amount on one account and its reversal on another.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import ExportedEntry, LedgerAccount, Posting
from booking.errors.schedule_errors import Violation
from booking.records import records

DATEV = "datev"  # the kind of these files
ARE_WRITTEN_AGAIN = "are_written_again"


def require_nothing_filed(session: Session, codes: Collection[str]) -> None:
    """Refuse other numbers of accounts of which files hold what nothing in them takes out again.

    The caller has locked the ledger: no file is recorded meanwhile. Raises RecordRefused.
    """
    if held := filed(session, codes):
        records.refuse([Violation("amounts_in_files", ARE_WRITTEN_AGAIN, actual=", ".join(held))])


def filed(session: Session, codes: Collection[str]) -> list[str]:
    """Return which of some accounts files hold amounts of, by their codes."""
    exported = select(ExportedEntry.entry_id).where(ExportedEntry.kind == DATEV)
    statement = (
        select(LedgerAccount.code)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.code.in_(codes), Posting.entry_id.in_(exported))
        .group_by(LedgerAccount.code)
        .having(func.sum(Posting.cents) != 0)
        .order_by(LedgerAccount.code)
    )
    return list(session.scalars(statement))
