"""What is posted for charges, allocations, advances and fees, each in the transaction that makes its source.

A charge: receivables to use charges, or to advances where a pool of its machine counts it. An allocation:
receivables of each member's share to allocated costs, and what it counts against the share from where it was posted
back to the receivables. An advance: receivables to advances. A fee: receivables to the income account of its kind;
a deposit to the deposits received.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.errors.money_errors import LedgerClosed
from billing.ledger.counted import CountedKind, counted_parts
from billing.ledger.posting import (
    ADVANCE,
    ADVANCES,
    ALLOCATED_COSTS,
    COUNTED,
    COUNTER,
    DEPOSIT,
    DEPOSITS,
    DUES,
    FEE,
    FEES,
    MATERIAL,
    MATERIALS,
    OF_DUES,
    RECEIVABLES,
    SHARE,
    USE,
    USE_CHARGES,
    EntryDraft,
    LineDraft,
    lock_ledger,
    mirrored,
    post,
)
from billing.ledger.posting_days import posting_date, today_of_ring
from billing.models import (
    Advance,
    AdvanceLine,
    Allocation,
    AllocationCharge,
    AllocationLine,
    Charge,
    Entry,
    Fee,
    Pool,
)
from billing.pools.scopes import counts_on
from booking import queries
from booking.kernel.events import Actor

IS_ADVANCE = "advance"
# Kind of a fee -> what its line is for, account of income (of a deposit: a liability); every other kind is a FEE.
FEE_POSTINGS = {"dues": (OF_DUES, DUES), "material": (MATERIAL, MATERIALS), "deposit": (DEPOSIT, DEPOSITS)}


class Charged(Protocol):
    """What decides the lines of a charge."""

    @property
    def member_id(self) -> int:
        """The member."""

    @property
    def machine_id(self) -> int:
        """The machine."""

    @property
    def service_date(self) -> date:
        """The day of service."""

    @property
    def price_class(self) -> str:
        """The price class of the day."""

    @property
    def cents(self) -> int:
        """What is owed."""


def post_charge(session: Session, charge: Charge, *, by: Actor, now: datetime, on: date | None = None) -> None:
    """Post a charge or its reversal, unless the ledger is not open yet.

    on: the posting date; else the day of service, or today where its period takes no more entries. A reversal is never
    dated before the entry that it reverses.
    """
    if charge.cents == 0 or (on is None and lock_ledger(session).state != "open"):
        return
    reversed_entry, not_before = entry_of(session, Entry.charge_id, charge.reverses_id)
    if reversed_entry is not None:
        lines = mirrored(session, reversed_entry)
    else:
        lines = charge_lines(charge, account_of_charge(session, charge))
    draft = EntryDraft(charge.service_date, charge.service_date, lines, charge_id=charge.id, reverses_id=reversed_entry)
    on = on or posting_date(session, charge.service_date, by=by, now=now, not_before=not_before)
    post(session, draft, on=on, by=by, now=now)


def charge_lines(charge: Charged, account: str) -> list[LineDraft]:
    """Return the lines of a charge. account: see account_of_charge()."""
    return [
        LineDraft(RECEIVABLES, charge.cents, USE, charge.member_id, charge.machine_id),
        LineDraft(account, -charge.cents, COUNTER, None, charge.machine_id),
    ]


def post_allocation_entry(
    session: Session, allocation: Allocation, *, by: Actor, now: datetime, on: date | None = None
) -> None:
    """Post an allocation or its reversal, unless the ledger is not open yet.

    on: the posting date; else the last day of its period, or today where that is still to come or closed.
    Raises LedgerClosed where the allocation counts advances, and they are not posted yet.
    """
    if on is None and lock_ledger(session).state != "open":
        if session.scalar(select(func.count()).where(AllocationCharge.allocation_id == allocation.id)):
            raise LedgerClosed
        return
    reversed_entry, not_before = entry_of(session, Entry.allocation_id, allocation.reverses_id)
    lines = mirrored(session, reversed_entry) if reversed_entry is not None else _allocated(session, allocation)
    draft = EntryDraft(
        allocation.period_from,
        allocation.period_until,
        lines,
        allocation_id=allocation.id,
        reverses_id=reversed_entry,
    )
    if any(line.cents for line in lines):
        on = on or posting_date(session, allocation.period_until, by=by, now=now, not_before=not_before)
        post(session, draft, on=on, by=by, now=now)


def post_advance_entry(session: Session, advance: Advance, *, by: Actor, now: datetime) -> None:
    """Post an advance or its reversal today. The caller has seen that the ledger is open."""
    reversed_entry, _posted_on = entry_of(session, Entry.advance_id, advance.reverses_id)
    if reversed_entry is not None:
        lines = mirrored(session, reversed_entry)
    else:
        owed = session.execute(
            select(AdvanceLine.member_id, AdvanceLine.cents)
            .where(AdvanceLine.advance_id == advance.id)
            .order_by(AdvanceLine.member_id)
        )
        place = (_machine_of(session, advance.pool_id), advance.pool_id)
        lines = [LineDraft(RECEIVABLES, cents, ADVANCE, member_id, *place) for member_id, cents in owed]
        lines.append(LineDraft(ADVANCES, -advance.total_cents, COUNTER, None, *place))
    draft = EntryDraft(
        advance.period_from, advance.period_until, lines, advance_id=advance.id, reverses_id=reversed_entry
    )
    post(session, draft, on=today_of_ring(session, now), by=by, now=now)


def post_fee(session: Session, fee: Fee, *, by: Actor, now: datetime) -> None:
    """Post a fee or its reversal, dated by its service as a charge. The caller has seen that the ledger is open.

    A deposit that goes back is posted today: until then the ring held it.
    """
    reversed_entry, not_before = entry_of(session, Entry.fee_id, fee.reverses_id)
    if reversed_entry is not None:
        lines = mirrored(session, reversed_entry)
    else:
        topic, account = FEE_POSTINGS.get(fee.kind, (FEE, FEES))
        lines = [
            LineDraft(RECEIVABLES, fee.cents, topic, fee.member_id, fee.machine_id),
            LineDraft(account, -fee.cents, COUNTER, None, fee.machine_id),
        ]
    draft = EntryDraft(fee.service_from, fee.service_until, lines, fee_id=fee.id, reverses_id=reversed_entry)
    is_return = fee.kind == "deposit" and fee.reverses_id is not None
    served = today_of_ring(session, now) if is_return else fee.service_from
    on = posting_date(session, served, by=by, now=now, not_before=not_before)
    post(session, draft, on=on, by=by, now=now)


def entry_of(
    session: Session, source: InstrumentedAttribute[int | None], source_id: int | None
) -> tuple[int | None, date]:
    """Return the id and the posting date of the entry of a source; without one, None and the first of all days."""
    found = None
    if source_id is not None:
        found = session.execute(select(Entry.id, Entry.posting_date).where(source == source_id)).one_or_none()
    return (None, date.min) if found is None else (found.id, found.posting_date)


def account_of_charge(session: Session, charge: Charged) -> str:
    """Return the account of a charge: advances only where an allocation will count it (allocations/counting.py)."""
    is_possible = or_(Pool.machine_id == charge.machine_id, ~Pool.counts_machine)
    counting = select(Pool).where(Pool.charges_are == IS_ADVANCE, is_possible)
    if charge.price_class == queries.GUEST_PRICE_CLASS:
        counting = counting.where(~Pool.excludes_guests)
    pools = session.scalars(counting).all()
    is_counted = any(counts_on(session, pool, charge.machine_id, charge.service_date) for pool in pools)
    return ADVANCES if is_counted else USE_CHARGES


def _machine_of(session: Session, pool_id: int) -> int | None:
    """Return the machine of a pool; None for one that counts others, whose lines name the pool alone."""
    return session.scalar(select(Pool.machine_id).where(Pool.id == pool_id, Pool.counts_machine))


def _allocated(session: Session, allocation: Allocation) -> list[LineDraft]:
    """Return the lines of an allocation: each member's share, then what is counted against it, a line for each kind."""
    place = (_machine_of(session, allocation.pool_id), allocation.pool_id)
    shares = session.execute(
        select(AllocationLine.member_id, func.sum(AllocationLine.cents))
        .where(AllocationLine.allocation_id == allocation.id)
        .group_by(AllocationLine.member_id)
        .order_by(AllocationLine.member_id)
    )
    lines = [LineDraft(RECEIVABLES, int(cents), SHARE, member_id, *place) for member_id, cents in shares]
    lines.append(LineDraft(ALLOCATED_COSTS, -sum(line.cents for line in lines), COUNTER, None, *place))
    counted: Counter[tuple[int, CountedKind]] = Counter()
    accounts: Counter[str] = Counter()
    for one in counted_parts(session, [allocation.id]):
        counted[one.member_id, one.kind] += one.cents
        accounts[one.account] += one.cents
    lines += [LineDraft(RECEIVABLES, -counted[each], COUNTED, each[0], *place) for each in sorted(counted)]
    lines += [LineDraft(account, accounts[account], COUNTER, None, *place) for account in sorted(accounts)]
    return lines
