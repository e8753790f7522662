"""The ledger as a treasurer reads it: trial balance, account sheets, journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, select, union_all
from sqlalchemy.orm import Session

from billing.errors.money_errors import AccountNotFound
from billing.limits import FIRST_DAY, LAST_DAY
from billing.models import AccountDay, AccountMonth, Entry, Ledger, LedgerAccount, Posting
from billing.queries.months import month_parts


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. number: in the chart of the ring."""

    id: int
    code: str
    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class AccountSum:
    """The sums of an account: debits and credits (both above zero) and the difference, in cents."""

    account: AccountView
    debit_cents: int
    credit_cents: int

    @property
    def cents(self) -> int:
        """Return debits less credits."""
        return self.debit_cents - self.credit_cents


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the ledger with its entry. lines: how many the entry has."""

    entry_id: int
    number: int
    lines: int
    posting_date: date
    service_from: date
    service_until: date
    account_id: int
    member_id: int | None
    machine_id: int | None
    pool_id: int | None
    topic: str
    cents: int
    charge_id: int | None
    allocation_id: int | None
    advance_id: int | None
    fee_id: int | None
    equity_id: int | None
    reverses_id: int | None


def accounts(session: Session) -> tuple[AccountView, ...]:
    """Return all accounts by their number in the chart of the ring."""
    rows = session.execute(_accounts().order_by("number"))
    return tuple(AccountView(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class AccountNumbers:
    """An account with its numbers in both charts."""

    code: str
    kind: str
    skr03: str
    skr04: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """The chart of the ring, its accounts, and how many lines are posted. revision: of chart and numbers."""

    chart: str
    revision: int
    accounts: tuple[AccountNumbers, ...]
    lines: int


def chart_view(session: Session) -> ChartView:
    """Return the chart of the ring with the numbers of all accounts in both charts."""
    chart, revision = session.execute(select(Ledger.chart, Ledger.revision)).one()
    columns = (LedgerAccount.code, LedgerAccount.kind, LedgerAccount.skr03, LedgerAccount.skr04)
    found = session.execute(select(*columns).order_by(LedgerAccount.id))
    lines = session.scalar(select(func.coalesce(func.sum(AccountMonth.lines), 0))) or 0
    return ChartView(chart, revision, tuple(AccountNumbers(*row) for row in found), int(lines))


def account(session: Session, code: str) -> AccountView:
    """Return an account. Raises AccountNotFound."""
    row = session.execute(_accounts().where(LedgerAccount.code == code)).one_or_none()
    if row is None:
        raise AccountNotFound(code=code)
    return AccountView(*row)


def trial_balance(session: Session, until: date | None = None) -> tuple[AccountSum, ...]:
    """Return the sums of all accounts, by number; until: the last posting date. Their differences sum to zero."""
    return period_sums(session, FIRST_DAY, until or LAST_DAY)


def period_sums(session: Session, first_day: date, last_day: date) -> tuple[AccountSum, ...]:
    """Return the sums of all accounts over the entries with a posting date in a period, by number.

    Added up are the sums of months and of the days beside them, of which there are few, and not the lines.
    """
    found = {
        account_id: (int(debit), int(credit))
        for account_id, debit, credit in session.execute(_sums(first_day, last_day))
    }
    return tuple(AccountSum(each, *found.get(each.id, (0, 0))) for each in accounts(session))


def _sums(first_day: date, last_day: date) -> Select[int, int, int]:
    days, months = AccountDay, AccountMonth
    parts = month_parts(first_day, last_day)
    of_days = select(days.account_id, days.debit_cents.label("debit"), days.credit_cents.label("credit"))
    edges = [(first_day, last_day)] if parts is None else parts.edges
    read: list[Select[*tuple[Any, ...]]] = [of_days.where(days.posting_date.between(*edge)) for edge in edges]
    if parts is not None:
        of_months = select(months.account_id, months.debit_cents.label("debit"), months.credit_cents.label("credit"))
        read.append(of_months.where(months.month.between(parts.first, parts.last)))
    rows = union_all(*read).subquery()
    return select(rows.c.account_id, func.sum(rows.c.debit), func.sum(rows.c.credit)).group_by(rows.c.account_id)


def journal(
    session: Session, *, account_id: int | None = None, limit: int = 50, before: tuple[int, int] | None = None
) -> tuple[tuple[LedgerLine, ...], tuple[int, int] | None]:
    """Return a page of lines, the newest first, and where the next page goes on.

    account_id: only of this account. before: (entry id, number) of the last line of the page before.
    """
    statement = select(*_LINE).join(Entry, Entry.id == Posting.entry_id)
    of_entry, last_number = Posting.entry_id, limit + 1
    if before is not None:
        entry_id, number = before
        statement = statement.where(of_entry <= entry_id, (of_entry < entry_id) | (Posting.number > number))
        last_number += number
    if account_id is not None:
        statement = statement.where(Posting.account_id == account_id)
    else:  # an entry may have as many lines as the ring has members: walked are the entries, of each the first lines
        of_entry, statement = Entry.id, statement.where(Posting.number <= last_number)
        statement = statement if before is None else statement.where(of_entry <= before[0])
    rows = session.execute(statement.order_by(of_entry.desc(), Posting.number).limit(limit + 1)).all()
    lines = tuple(LedgerLine(*row) for row in rows[:limit])
    return lines, (lines[-1].entry_id, lines[-1].number) if len(rows) > limit else None


def journal_forward(
    session: Session, *, after: tuple[int, int], limit: int, account_id: int | None = None
) -> tuple[LedgerLine, ...]:
    """Return the lines that follow one (entry id, number), of all accounts or of one, in the order of their posting."""
    entry_id, number = after
    later = (Posting.entry_id > entry_id) | ((Posting.entry_id == entry_id) & (Posting.number > number))
    statement = select(*_LINE).join(Entry, Entry.id == Posting.entry_id).where(Posting.entry_id >= entry_id, later)
    if account_id is not None:
        statement = statement.where(Posting.account_id == account_id)
    rows = session.execute(statement.order_by(Posting.entry_id, Posting.number).limit(limit)).all()
    return tuple(LedgerLine(*row) for row in rows)


def account_lines(session: Session, account_id: int) -> int:
    """Return how many lines an account has."""
    return session.scalar(select(func.count()).where(Posting.account_id == account_id)) or 0


def lines_of_entries(session: Session, entry_ids: Sequence[int]) -> tuple[LedgerLine, ...]:
    """Return the lines of some entries, in the order of their posting."""
    statement = select(*_LINE).join(Entry, Entry.id == Posting.entry_id).where(Posting.entry_id.in_(entry_ids))
    rows = session.execute(statement.order_by(Posting.entry_id, Posting.number))
    return tuple(LedgerLine(*row) for row in rows)


def _accounts() -> Select[int, str, str, str]:
    number = case((select(Ledger.chart).scalar_subquery() == "skr03", LedgerAccount.skr03), else_=LedgerAccount.skr04)
    return select(LedgerAccount.id, LedgerAccount.code, LedgerAccount.kind, number.label("number"))


_LINE: tuple[Any, ...] = (
    Posting.entry_id,
    Posting.number,
    Entry.lines,
    Entry.posting_date,
    Entry.service_from,
    Entry.service_until,
    Posting.account_id,
    Posting.member_id,
    Posting.machine_id,
    Posting.pool_id,
    Posting.topic,
    Posting.cents,
    Entry.charge_id,
    Entry.allocation_id,
    Entry.advance_id,
    Entry.fee_id,
    Entry.equity_id,
    Entry.reverses_id,
)
