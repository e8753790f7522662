"""Which accounts DATEV files hold amounts of, and how long their numbers are. Reads only.

What takes such an amount back is posted to the account of that day's number: if the number changes in between, the
adviser's books have the amount on one account and its reversal on another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import ExportedEntry, LedgerAccount, Posting
from booking.errors.schedule_errors import Violation
from booking.records import records

DATEV = "datev"  # the kind of these files
ARE_WRITTEN_AGAIN = "are_written_again"


def require_nothing_filed(session: Session, codes: Collection[str], *, by_member: bool) -> None:
    """Refuse other numbers of accounts of which files hold what nothing in them takes out again.

    by_member: lines that name a member are on an account of the member. The caller has locked the ledger: no file is
    recorded meanwhile. Raises RecordRefused.
    """
    if held := filed(session, codes, by_member=by_member):
        records.refuse([Violation("amounts_in_files", ARE_WRITTEN_AGAIN, actual=", ".join(held))])


def filed(session: Session, codes: Collection[str], *, by_member: bool) -> list[str]:
    """Return which of some accounts files hold amounts of, by their codes; by_member: also one of a single member."""
    exported = select(ExportedEntry.entry_id).where(ExportedEntry.kind == DATEV)
    statement = (
        select(LedgerAccount.code)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.code.in_(codes), Posting.entry_id.in_(exported))
        .group_by(LedgerAccount.code, *([Posting.member_id] if by_member else []))
        .having(func.sum(Posting.cents) != 0)
        .order_by(LedgerAccount.code)
    )
    return list(dict.fromkeys(session.scalars(statement)))


def usual_length(numbers: Iterable[str]) -> int:
    """Return how long most numbers of accounts are: those of members, who have no number here, are one longer."""
    ((length, _count),) = Counter(map(len, numbers)).most_common(1)
    return length
