"""Settling with who left: their equity moves to what is owed to them, and is set off against what they owe.

The set-off is one entry and one line of the balance, told to its member by a numbered statement in the same
transaction. What comes later (a correction run of a closed year) is set off by a further settlement; nothing is opened
again. The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations.periods import accounting_year
from billing.equity.equity import append_move, equity_of, mirror_move, require_open
from billing.errors.equity_errors import (
    MembershipNotOver,
    NothingSetOff,
    NothingToSettle,
    StaleSettlement,
    TooMuchSetOff,
)
from billing.ledger.equity_entries import LEAVING
from billing.ledger.posting import SET_OFF
from billing.ledger.posting_days import today_of_ring
from billing.models import EquityMove, EquityStatement
from billing.queries.balances import balance_of, made_of
from billing.statements.issued_statements import StatementWriter, issue_statement, lock_statements
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a settlement would post, in cents. owed_cents: the balance, and made_of what it consists of, by topic.

    equity_cents: of the member, of which moved_cents move to what is owed to who left. most_cents: what can be set off
    at most; set_off_cents: what is. digest: over all of it.
    """

    member_id: int
    left_on: date
    owed_cents: int
    made_of: Mapping[str, int]
    equity_cents: int
    moved_cents: int
    most_cents: int
    set_off_cents: int
    digest: str

    @property
    def owed_after_cents(self) -> int:
        """Return what the member owes afterwards; below zero a credit."""
        return self.owed_cents - self.set_off_cents

    @property
    def equity_after_cents(self) -> int:
        """Return the equity that is still owed to the member afterwards."""
        return self.equity_cents - self.set_off_cents


def preview_settlement(
    session: Session, member_id: int, set_off_cents: int | None = None, *, now: datetime
) -> Settlement:
    """Return what a settlement would post. Reads only.

    set_off_cents: less than the most, where the member has paid the rest: payments are not entered in this ledger.
    None: the most.

    Raises MemberNotFound, MembershipNotOver, NothingToSettle, TooMuchSetOff, NothingSetOff.
    """
    left_on = _left_on(session, member_id, now)
    equity, balance = equity_of(session, member_id), balance_of(session, member_id)
    most = max(0, min(balance.cents, equity.cents))
    wanted = most if set_off_cents is None else set_off_cents
    if not most and not equity.held_cents:
        raise NothingToSettle
    if not 0 <= wanted <= most:
        raise TooMuchSetOff(most_cents=most, actual_cents=wanted)
    if not wanted and not equity.held_cents:
        raise NothingSetOff(most_cents=most, actual_cents=wanted)
    seen = (member_id, left_on, balance.cents, balance.lines, equity.moves, wanted)
    return Settlement(
        member_id=member_id,
        left_on=left_on,
        owed_cents=balance.cents,
        made_of=made_of(session, member_id),
        equity_cents=equity.cents,
        moved_cents=equity.held_cents,
        most_cents=most,
        set_off_cents=wanted,
        digest=hashlib.sha256(" ".join(map(str, seen)).encode()).hexdigest(),
    )


def settle(
    session: Session,
    member_id: int,
    writer: StatementWriter,
    *,
    digest: str,
    set_off_cents: int | None = None,
    by: Actor,
    now: datetime,
) -> EquityMove:
    """Post a settlement as it was seen, and return its last change of equity; state it where something is set off.

    digest: of the preview. Of two clicks, or two treasurers who saw the same, the second gets the change of the first.

    Raises what preview_settlement raises, StaleSettlement, LedgerClosed.
    """
    lock_statements(session)
    require_open(session)
    if (made := session.scalar(select(EquityMove).where(EquityMove.form_key == digest))) is not None:
        return made
    seen = preview_settlement(session, member_id, set_off_cents, now=now)
    if digest != seen.digest:
        raise StaleSettlement
    parts = [(LEAVING, seen.left_on, seen.moved_cents), (SET_OFF, today_of_ring(session, now), seen.set_off_cents)]
    moves = [
        EquityMove(member_id=member_id, kind=kind, day=day, cents=cents, note="") for kind, day, cents in parts if cents
    ]
    moves[-1].form_key = digest
    for move in moves:
        append_move(session, move, by=by, now=now)
    if seen.set_off_cents:
        _state(session, moves[-1], writer, by=by, now=now)
    return moves[-1]


def reverse_equity(
    session: Session, move_id: int, reason: str, writer: StatementWriter, *, by: Actor, now: datetime
) -> EquityMove:
    """Take a change of equity back by its mirror; what is set off is owed again, and a statement says so.

    Raises EquityMoveNotFound, AlreadyReversed, WrongText, EquityUsed, LedgerClosed.
    """
    lock_statements(session)
    require_open(session)
    mirror = mirror_move(session, move_id, reason, by=by, now=now)
    if mirror.kind == SET_OFF:
        _state(session, mirror, writer, by=by, now=now)
    return mirror


def _left_on(session: Session, member_id: int, now: datetime) -> date:
    """Return the last day of a membership that is over. Raises MemberNotFound, MembershipNotOver."""
    member = next(iter(queries.member_names(session, [member_id])), None)
    if member is None:
        raise MemberNotFound(id=member_id)
    if member.left_on is None or member.left_on >= today_of_ring(session, now):
        raise MembershipNotOver(left_on=member.left_on)
    return member.left_on


def _state(session: Session, move: EquityMove, writer: StatementWriter, *, by: Actor, now: datetime) -> None:
    """Issue the statement of the year until today, which has the line that was just posted."""
    today = today_of_ring(session, now)
    days = accounting_year(today)[0], today
    document_id = issue_statement(session, move.member_id, days, writer, on=today, by=by, now=now)
    session.add(EquityStatement(move_id=move.id, document_id=document_id))
    session.flush()
