"""What is posted for changes of equity, each in the transaction that makes it.

Paid in: opening balances to equity, because how it was paid stands in no entry of this ledger. Leaving: equity to the
equity of those who left. Set off: equity of those who left to receivables.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.ledger.entries import entry_of
from billing.ledger.posting import (
    EQUITY,
    EQUITY_LEFT,
    OPENING_BALANCES,
    RECEIVABLES,
    SET_OFF,
    EntryDraft,
    LineDraft,
    mirrored,
    post,
)
from billing.ledger.posting_days import posting_date, today_of_ring
from billing.models import Entry, EquityMove
from booking.kernel.events import Actor

PAID_IN, LEAVING = "paid_in", "leaving"  # kinds of moves; the third is SET_OFF
ACCOUNTS = {
    PAID_IN: (OPENING_BALANCES, EQUITY),
    LEAVING: (EQUITY, EQUITY_LEFT),
    SET_OFF: (EQUITY_LEFT, RECEIVABLES),
}  # kind -> debit, credit


def post_equity(session: Session, move: EquityMove, *, by: Actor, now: datetime) -> None:
    """Post a change of equity, or its reversal: on its day, or today where its period takes no more entries.

    Never before what was posted of the equity of the member earlier: no account says that more left than was paid in.
    A set-off that is taken back is posted today: until then nothing of it was owed, and the statement of today says so.
    The caller has seen that the ledger is open.
    """
    reversed_entry, _posted_on = entry_of(session, Entry.equity_id, move.reverses_id)
    if reversed_entry is not None:
        lines = mirrored(session, reversed_entry)
    else:
        debit, credit = ACCOUNTS[move.kind]
        topic, member_id = (SET_OFF, move.member_id) if move.kind == SET_OFF else (EQUITY, None)
        lines = [LineDraft(debit, move.cents, EQUITY), LineDraft(credit, -move.cents, topic, member_id)]
    draft = EntryDraft(move.day, move.day, lines, equity_id=move.id, reverses_id=reversed_entry)
    is_owed_again = move.kind == SET_OFF and move.reverses_id is not None
    day = today_of_ring(session, now) if is_owed_again else move.day
    on = posting_date(session, day, by=by, now=now, not_before=_posted_last(session, move.member_id))
    post(session, draft, on=on, by=by, now=now)


def _posted_last(session: Session, member_id: int) -> date:
    own = select(func.max(Entry.posting_date)).join(EquityMove, EquityMove.id == Entry.equity_id)
    return session.scalar(own.where(EquityMove.member_id == member_id)) or date.min
