"""What members owe: the balance of each, what it is made of, and its lines with what was owed after each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from billing.models import Balance, Entry, Fee, Ledger, MemberMonth, Posting
from billing.queries.owed_sums import owed_sums
from booking.kernel.prepared import PreparedStatement

OWING, CREDIT, SETTLED = "owing", "credit", "settled"


@dataclass(frozen=True, slots=True)
class MemberBalance:
    """What a member owes, in cents; below zero: what the ring owes the member. lines: how many lines it has."""

    member_id: int
    cents: int
    lines: int


@dataclass(frozen=True, slots=True)
class BalanceTotals:
    """The sum of all that is owed to the ring, of all that it owes, and how many members each is."""

    owing_cents: int
    owing_members: int
    credit_cents: int
    credit_members: int

    @property
    def cents(self) -> int:
        """Return what is owed in all."""
        return self.owing_cents + self.credit_cents


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One line of a member's balance. topic: see ledger/posting.py. balance: what was owed after it.

    charge_id, allocation_id, advance_id, fee_id, equity_id: the one that it comes from. is_reversal: it reverses an
    earlier line. text: what a fee is for, or why it was taken back; "" of others.
    """

    entry_id: int
    number: int
    posting_date: date
    service_from: date
    service_until: date
    topic: str
    machine_id: int | None
    pool_id: int | None
    cents: int
    charge_id: int | None
    allocation_id: int | None
    advance_id: int | None
    fee_id: int | None
    equity_id: int | None
    is_reversal: bool
    text: str
    balance: int


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The state of the ledger: closed, opening or open. opened_on: the posting date of what existed before."""

    state: str
    chart: str
    opened_on: date | None

    @property
    def is_open(self) -> bool:
        """Return whether entries are posted."""
        return self.state == "open"


def ledger_state(session: Session) -> LedgerState:
    """Return the state of the ledger."""
    return LedgerState(*_LEDGER.of(session)[0])


def balance_of(session: Session, member_id: int) -> MemberBalance:
    """Return the balance of a member; zero of somebody without a line."""
    row = next(iter(_BALANCE.of(session, {"member_id": member_id})), (0, 0))
    return MemberBalance(member_id, *row)


def balances(
    session: Session,
    member_ids: Collection[int] | Select[int] | None = None,
    *,
    which: str = "",
    limit: int = 25,
    offset: int = 0,
) -> tuple[tuple[MemberBalance, ...], bool]:
    """Return a page of balances, the largest debt first, and whether there are more.

    member_ids: only of these, as ids or a statement of ids. which: OWING, CREDIT or SETTLED; else all.
    """
    statement = select(Balance.member_id, Balance.cents, Balance.lines)
    if member_ids is not None:
        statement = statement.where(Balance.member_id.in_(member_ids))
    if which:
        statement = statement.where(_which(which))
    in_order = (
        (Balance.cents, Balance.member_id) if which == CREDIT else (Balance.cents.desc(), Balance.member_id.desc())
    )
    rows = session.execute(statement.order_by(*in_order).limit(limit + 1).offset(offset)).all()
    return tuple(MemberBalance(*row) for row in rows[:limit]), len(rows) > limit


def balance_totals(session: Session) -> BalanceTotals:
    """Return the sums over all members."""
    cents = [owed.cents for owed in owed_sums(session).owed.values()]
    owing, credit = [one for one in cents if one > 0], [one for one in cents if one < 0]
    return BalanceTotals(sum(owing), len(owing), sum(credit), len(credit))


def made_of(session: Session, member_id: int) -> Mapping[str, int]:
    """Return topic -> cents of all lines of a member: what the balance is made of."""
    return {topic: int(cents) for topic, cents in _MADE_OF.of(session, {"member_id": member_id})}


def balance_lines(
    session: Session, member_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[BalanceLine, ...], bool]:
    """Return a page of a member's lines, the newest first, and whether there are more."""
    of_member = Posting.member_id == member_id
    newest_first = (Posting.entry_id.desc(), Posting.number.desc())
    newer = select(Posting.cents).where(of_member).order_by(*newest_first).limit(offset).subquery()
    owed = balance_of(session, member_id).cents
    if offset:
        owed -= int(session.scalar(select(func.sum(newer.c.cents))) or 0)
    rows = _LINES.of(session, {"member_id": member_id, "at_most": limit + 1, "behind": offset})
    lines = []
    for row in rows[:limit]:
        lines.append(BalanceLine(*(*row, owed)))
        owed -= row.cents
    return tuple(lines), len(rows) > limit


BALANCE_LINE: tuple[Any, ...] = (
    Posting.entry_id,
    Posting.number,
    Entry.posting_date,
    Entry.service_from,
    Entry.service_until,
    Posting.topic,
    Posting.machine_id,
    Posting.pool_id,
    Posting.cents,
    Entry.charge_id,
    Entry.allocation_id,
    Entry.advance_id,
    Entry.fee_id,
    Entry.equity_id,
    Entry.reverses_id.is_not(None).label("is_reversal"),
    func.coalesce(select(Fee.text).where(Fee.id == Entry.fee_id).scalar_subquery(), "").label("text"),
)


def _which(which: str) -> ColumnElement[bool]:
    return {OWING: Balance.cents > 0, CREDIT: Balance.cents < 0, SETTLED: Balance.cents == 0}[which]


# Compiled once: who keeps a balance open looks at it again and again, and a member may have ten thousand lines.
_OF_MEMBER = Posting.member_id == bindparam("member_id")
_BALANCE = PreparedStatement(select(Balance.cents, Balance.lines).where(Balance.member_id == bindparam("member_id")))
_LEDGER = PreparedStatement(select(Ledger.state, Ledger.chart, Ledger.opened_on))
_MADE_OF = PreparedStatement(
    select(MemberMonth.topic, func.sum(MemberMonth.cents))
    .where(MemberMonth.member_id == bindparam("member_id"))
    .group_by(MemberMonth.topic)
)
_LINES = PreparedStatement(
    select(*BALANCE_LINE)
    .join(Entry, Entry.id == Posting.entry_id)
    .where(_OF_MEMBER)
    .order_by(Posting.entry_id.desc(), Posting.number.desc())
    .limit(bindparam("at_most", type_=Integer))
    .offset(bindparam("behind", type_=Integer))
)
