"""The chart of accounts: SKR03 or SKR04, and the number of each account. Numbers are data: an adviser may want others.

What is posted refers to the account, not to its number: a change shows other numbers, also of earlier entries.

The numbers of SKR03 that a ring begins with were compared with the package trytond-account-de-skr03 7.8.1: 8600 is
"Sonst. Erlöse betr. u. regelmäßig" (fees); 8201 (material) and 8951 (dues) are none of its accounts, and stand beside
8200 "Erlöse" and 8950 "Nicht steuerbare Umsätze" as accounts of the ring's own. SKR03 has none for dues of members: an
association that keeps its books by it adds them beside the revenue accounts (iww.de, "Buchführungspraxis im Verein: Der
DATEV Vereinskontenrahmen", part 1). Of their twins in SKR04, 4201 and 4691 stand beside 4200 and 4690 in the same way.
Three public lists of accounts in programs for German bookkeeping have 1710 "Erhaltene Anzahlungen auf Bestellungen",
1718 "Erhaltene, versteuerte Anzahlungen 19 % USt" and 1732 "Erhaltene Kautionen" (SKR03), 3550 to 3557 "erhaltene
Kautionen" and 4835 "Sonstige betriebl. regelm. Erträge", the twin of 8600 (SKR04). Two public charts have
0810 and 0811 "Geschäftsguthaben" of the members who stay and who leave (SKR03); 2901 and 2902, their twins in SKR04,
are not verified. 9000 is "Saldenvorträge, Sachkonten" in both. The adviser's word decides, and all are data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.money_errors import AccountNotFound, AccountNumberTaken, WrongAccountNumber
from billing.events import ChartChanged
from billing.ledger.filed_accounts import ARE_WRITTEN_AGAIN, filed, require_nothing_filed, usual_length
from billing.ledger.posting import RECEIVABLES, lock_ledger
from billing.models import DatevTerms, LedgerAccount
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.revisions import require_revision

CHARTS = ("skr03", "skr04")
NUMBER = re.compile(r"[0-9]{4,8}")
Numbers = Mapping[str, tuple[str, str]]  # code of the account -> numbers in SKR03 and SKR04


def change_chart(
    session: Session,
    chart: str,
    numbers: Numbers,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    are_written_again: bool = False,
) -> None:
    """Choose a chart and set the numbers of accounts; those that are not named stay. Call inside write_transaction().

    are_written_again: the adviser gets all earlier DATEV files once more, or moves what is on accounts that get another
    number. Only then, or while files hold nothing there, their numbers in the chart of the ring change.

    Raises StaleRevision, AccountNotFound, WrongAccountNumber (4 to 8 digits), AccountNumberTaken, RecordRefused.
    """
    if chart not in CHARTS:
        raise ValueError(f"no chart {chart!r}")
    ledger = lock_ledger(session)
    require_revision(revision, ledger.revision)
    accounts = {one.code: one for one in session.scalars(select(LedgerAccount).order_by(LedgerAccount.id))}
    _check(accounts, numbers)
    before = {code: getattr(one, ledger.chart) for code, one in accounts.items()}
    changed = [code for code, both in numbers.items() if (accounts[code].skr03, accounts[code].skr04) != both]
    said = [f"{code} {accounts[code].skr03}/{accounts[code].skr04} > {'/'.join(numbers[code])}" for code in changed]
    if not changed and ledger.chart == chart:
        return
    _assign(session, [accounts[code] for code in changed], numbers)
    ledger.chart = chart
    ledger.revision += 1
    session.flush()
    has_member_accounts = session.get_one(DatevTerms, 1).has_member_accounts
    moved = _moved(before, {code: getattr(one, chart) for code, one in accounts.items()}, has_member_accounts)
    if not are_written_again:
        require_nothing_filed(session, moved, by_member=has_member_accounts)
    elif filed(session, moved, by_member=has_member_accounts):
        said.append(ARE_WRITTEN_AGAIN)
    events.record(session, ChartChanged(chart=chart, numbers=", ".join(sorted(said))), by=by, at=now)


def _moved(before: Mapping[str, str], after: Mapping[str, str], has_member_accounts: bool) -> set[str]:
    """Return the accounts whose amounts files would hold under another number, by their codes.

    Where members have accounts of their own, no file has the number of the receivables: only the length counts.
    """
    moved = {code for code, number in after.items() if number != before[code]}
    if has_member_accounts:
        is_longer = usual_length(after.values()) != usual_length(before.values())
        moved = moved - {RECEIVABLES} | ({RECEIVABLES} if is_longer else set())
    return moved


def _check(accounts: Mapping[str, LedgerAccount], numbers: Numbers) -> None:
    for code, both in numbers.items():
        if code not in accounts:
            raise AccountNotFound(code=code)
        for number in both:
            if NUMBER.fullmatch(number) is None:
                raise WrongAccountNumber(code=code, number=number)
    for position in range(len(CHARTS)):
        wanted = {code: (one.skr03, one.skr04)[position] for code, one in accounts.items()}
        wanted |= {code: both[position] for code, both in numbers.items()}
        for number in wanted.values():
            if list(wanted.values()).count(number) > 1:
                raise AccountNumberTaken(number=number)


def _assign(session: Session, changed: list[LedgerAccount], numbers: Numbers) -> None:
    """Set numbers that are unique in the end; two accounts may exchange theirs, so they pass through free ones."""
    for account in changed:
        account.skr03 = account.skr04 = f"x{account.id:05}"
    session.flush()
    for account in changed:
        account.skr03, account.skr04 = numbers[account.code]
        account.revision += 1
