"""Opening the ledger of a ring that charged and allocated before it had one. Once, in batches, resumable.

Each batch is one use case, and the state says how far it came: after a crash the next call goes on there. While it
runs, what is newly charged is left to it; the last batch opens the ledger under its lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.errors.money_errors import LedgerIsOpen, WrongPeriod
from billing.events import LedgerOpened
from billing.ledger.entries import post_allocation_entry, post_charge
from billing.ledger.posting import lock_ledger
from billing.ledger.posting_days import today_of_ring
from billing.limits import require_day
from billing.models import Allocation, Charge, Entry, Ledger
from booking.kernel import events
from booking.kernel.events import Actor

BATCH = 500


@dataclass(frozen=True, slots=True)
class ToPost:
    """What an opening would post: how many charges and allocations, reversals included, and their sums in cents."""

    charges: int
    charged_cents: int
    allocations: int
    allocated_cents: int


CLOSED, OPENING, OPEN = "closed", "opening", "open"


def to_post(session: Session) -> ToPost:
    """Return what is not posted yet. Reads only. Raises LedgerIsOpen."""
    ledger = session.execute(select(Ledger.state, Ledger.posted_charge_id, Ledger.posted_allocation_id)).one()
    if ledger.state == OPEN:
        raise LedgerIsOpen(opened_on=session.scalar(select(Ledger.opened_on)))
    sums = func.coalesce(func.sum(Charge.cents), 0), func.coalesce(func.sum(Allocation.total_cents), 0)
    charges = session.execute(select(func.count(), sums[0]).where(Charge.id > ledger.posted_charge_id)).one()
    parts = session.execute(select(func.count(), sums[1]).where(Allocation.id > ledger.posted_allocation_id)).one()
    return ToPost(charges[0], int(charges[1]), parts[0], int(parts[1]))


def begin_opening(session: Session, on: date, *, now: datetime) -> None:
    """Begin to open the ledger with a posting date; one that was begun before goes on with its own.

    Raises LedgerIsOpen, WrongPeriod (a day that is still to come, before 1990, or another one than it was begun with).
    """
    ledger = lock_ledger(session)
    require_day("opened_on", on)
    today = today_of_ring(session, now)
    if ledger.state == OPEN:
        raise LedgerIsOpen(opened_on=ledger.opened_on)
    if on > today or (ledger.opened_on is not None and ledger.opened_on != on):
        raise WrongPeriod(field="opened_on", period_from=on, period_until=ledger.opened_on or today)
    ledger.state, ledger.opened_on = OPENING, on
    session.flush()


def open_batch(session: Session, *, by: Actor, now: datetime) -> int:
    """Post the next charges and allocations, and return how many there were. 0: the ledger is open.

    Raises ValueError while the opening was not begun.
    """
    ledger = lock_ledger(session)
    if ledger.state == OPEN:
        return 0
    if ledger.opened_on is None:
        raise ValueError("the opening was not begun")
    charges = session.scalars(
        select(Charge).where(Charge.id > ledger.posted_charge_id).order_by(Charge.id).limit(BATCH)
    ).all()
    for charge in charges:
        post_charge(session, charge, by=by, now=now, on=ledger.opened_on)
        ledger.posted_charge_id = charge.id
    done = len(charges) or _open_allocation(session, ledger, by=by, now=now)
    if done == 0:
        ledger.state = OPEN
        entries = session.scalar(select(func.count()).select_from(Entry)) or 0
        events.record(session, LedgerOpened(opened_on=ledger.opened_on.isoformat(), entries=entries), by=by, at=now)
    session.flush()
    return done


def _open_allocation(session: Session, ledger: Ledger, *, by: Actor, now: datetime) -> int:
    """Post the next allocation; one at a time, because one may have thousands of lines."""
    later = select(Allocation).where(Allocation.id > ledger.posted_allocation_id).order_by(Allocation.id)
    allocation = session.scalars(later.limit(1)).first()
    if allocation is None:
        return 0
    post_allocation_entry(session, allocation, by=by, now=now, on=ledger.opened_on)
    ledger.posted_allocation_id = allocation.id
    return 1
