"""What a tax adviser states once for all DATEV files."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from billing.ledger.filed_accounts import ARE_WRITTEN_AGAIN, filed, require_nothing_filed
from billing.ledger.posting import RECEIVABLES, lock_ledger
from billing.models import DatevTerms
from booking.errors.schedule_errors import Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.records import records

THE_ONE = 1
KEY = re.compile(r"[0-9]{0,4}", re.ASCII)
ADVISER_MIN, ADVISER_MAX, CLIENT_MAX = 1_001, 9_999_999, 99_999


@dataclass(frozen=True, slots=True)
class DatevTermsInput:
    """What is entered; see the model. None as a number: not said yet."""

    adviser: int | None = None
    client: int | None = None
    has_member_accounts: bool = True
    is_locked: bool = False
    standard_key: str = "3"
    reduced_key: str = "2"
    has_advance_keys: bool = False


def datev_terms(session: Session) -> tuple[DatevTermsInput, int]:
    """Return the terms and their revision."""
    row = session.get_one(DatevTerms, THE_ONE, populate_existing=True)
    return DatevTermsInput(**{one.name: getattr(row, one.name) for one in fields(DatevTermsInput)}), row.revision


def change_datev_terms(
    session: Session,
    data: DatevTermsInput,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    are_written_again: bool = False,
) -> None:
    """Change the terms; files that were made stay. Call inside write_transaction().

    are_written_again: the adviser gets all earlier files once more, or moves what is on the accounts of members. Only
    then, or while files hold nothing there, has_member_accounts changes: what is taken back would go to an account on
    which the adviser has nothing. Keys may change at any time: what is taken back or counted has that of its file.

    Raises StaleRevision, RecordRefused.
    """
    limits = (("adviser", ADVISER_MIN, ADVISER_MAX), ("client", 1, CLIENT_MAX))
    violations = []
    for name, least, most in limits:
        number = getattr(data, name)
        if number is not None and number < least:
            violations.append(Violation("at_least", name, limit=least, actual=number))
        elif number is not None and number > most:
            violations.append(Violation("at_most", name, limit=most, actual=number))
    keys = {"standard_key": data.standard_key, "reduced_key": data.reduced_key}
    wrong = [Violation("tax_key", name, actual=key) for name, key in keys.items() if KEY.fullmatch(key) is None]
    records.refuse(violations + wrong)
    lock_ledger(session)  # no file is recorded meanwhile
    row = session.get_one(DatevTerms, THE_ONE, with_for_update=True, populate_existing=True)
    revisions.require_revision(revision, row.revision)
    moved = [RECEIVABLES] if data.has_member_accounts != row.has_member_accounts else []
    if not are_written_again:
        require_nothing_filed(session, moved, by_member=True)
    again = [ARE_WRITTEN_AGAIN] if filed(session, moved, by_member=True) else []
    changed = records.write(row, records.values_of(data)) + again
    if changed:
        row.revision += 1
        session.flush()
        records.note(session, "datev_terms", THE_ONE, ",".join(changed), by, now)
