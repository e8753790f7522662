"""Equity: what members have really paid in for their co-op shares, as dated changes, each with its entry.

What a member has paid in and what is owed to who left are those of the last change (see models/equity.py). The
functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from billing.errors.equity_errors import EquityMoveNotFound, EquityUsed
from billing.errors.money_errors import AlreadyReversed, LedgerClosed, WrongPeriod
from billing.events import EquityMoved
from billing.ledger.equity_entries import LEAVING, PAID_IN, post_equity
from billing.ledger.posting import SET_OFF, lock_ledger
from billing.ledger.posting_days import today_of_ring
from billing.limits import CENTS_MAX, NOTE_LENGTH_MAX, require_between, require_day, require_text
from billing.models import EquityMove
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.prepared import PreparedStatement

# Compiled once: the page of a balance asks it each time.
_LAST = PreparedStatement(
    select(EquityMove.held_cents, EquityMove.left_cents, EquityMove.number)
    .where(EquityMove.member_id == bindparam("member_id"))
    .order_by(EquityMove.number.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class EquityInput:
    """What a member has really paid in, by a day. note: for the treasurer, such as the document."""

    member_id: int
    day: date
    cents: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Equity:
    """The equity of a member, in cents: paid in; and of who left, still owed. moves: how many changes there were."""

    held_cents: int
    left_cents: int
    moves: int

    @property
    def cents(self) -> int:
        """Return both."""
        return self.held_cents + self.left_cents


def equity_of(session: Session, member_id: int) -> Equity:
    """Return the equity of a member."""
    return Equity(*next(iter(_LAST.of(session, {"member_id": member_id})), (0, 0, 0)))


def enter_equity(
    session: Session, wanted: EquityInput, *, by: Actor, now: datetime, form_key: str | None = None
) -> EquityMove:
    """Enter what a member has paid in.

    form_key: idempotency key of the caller; a second call with the same key returns the change of the first.

    Raises MemberNotFound, WrongPeriod (a day to come, or after the membership), WrongAmount, WrongText, LedgerClosed.
    """
    require_open(session)
    if form_key is not None and (made := session.scalar(select(EquityMove).where(EquityMove.form_key == form_key))):
        return made
    member = next(iter(queries.member_names(session, [wanted.member_id])), None)
    if member is None:
        raise MemberNotFound(id=wanted.member_id)
    require_day("day", wanted.day)
    last_day = min(today_of_ring(session, now), member.left_on or date.max)
    if wanted.day > last_day:
        raise WrongPeriod(field="day", period_from=wanted.day, period_until=last_day)
    require_between("cents", wanted.cents, 1, CENTS_MAX)
    require_text("note", wanted.note, NOTE_LENGTH_MAX)
    return append_move(
        session,
        EquityMove(
            member_id=wanted.member_id,
            kind=PAID_IN,
            day=wanted.day,
            cents=wanted.cents,
            note=wanted.note.strip(),
            form_key=form_key,
        ),
        by=by,
        now=now,
    )


def mirror_move(session: Session, move_id: int, reason: str, *, by: Actor, now: datetime) -> EquityMove:
    """Post the exact mirror of a change of equity. The caller has called require_open().

    Raises EquityMoveNotFound, AlreadyReversed, WrongText, EquityUsed (it was moved or set off since).
    """
    original = session.get(EquityMove, move_id, populate_existing=True)
    if original is None:
        raise EquityMoveNotFound(id=move_id)
    require_text("reason", reason, NOTE_LENGTH_MAX, shortest=1)
    if original.reverses_id is not None or session.scalar(select(exists().where(EquityMove.reverses_id == move_id))):
        raise AlreadyReversed(id=move_id)
    mirror = EquityMove(
        member_id=original.member_id,
        kind=original.kind,
        day=original.day,
        cents=-original.cents,
        note=reason.strip(),
        reverses_id=original.id,
    )
    return append_move(session, mirror, by=by, now=now)


def append_move(session: Session, move: EquityMove, *, by: Actor, now: datetime) -> EquityMove:
    """Store a change of equity with what it makes of it, and post it. Raises EquityUsed."""
    before = equity_of(session, move.member_id)
    move.number = before.moves + 1
    move.held_cents = before.held_cents + {PAID_IN: move.cents, LEAVING: -move.cents, SET_OFF: 0}[move.kind]
    move.left_cents = before.left_cents + {PAID_IN: 0, LEAVING: move.cents, SET_OFF: -move.cents}[move.kind]
    if move.held_cents < 0 or move.left_cents < 0:
        left = before.held_cents if move.held_cents < 0 else before.left_cents
        raise EquityUsed(cents=left, needed_cents=abs(move.cents))
    move.made_at, move.made_by = now, by.user_id
    session.add(move)
    session.flush()
    events.record(session, EquityMoved.of(move), by=by, at=now)
    post_equity(session, move, by=by, now=now)
    return move


def require_open(session: Session) -> None:
    """Lock the ledger: changes of equity are posted one after another. Raises LedgerClosed."""
    if lock_ledger(session).state != "open":
        raise LedgerClosed
