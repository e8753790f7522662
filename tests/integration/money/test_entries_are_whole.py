"""What makes an entry of the ledger is stored with it or not at all, wherever between the two it fails."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import event, func, select, update

from app.documents.composer import TextComposer
from app.extensions import db
from billing.allocations.advances import post_advance, reverse_advance
from billing.allocations.allocations import post_allocation, reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.charges.charge_batches import charge_many
from billing.charges.charges import charge_for
from billing.equity.equity import EquityInput, enter_equity
from billing.equity.settlements import preview_settlement, reverse_equity, settle
from billing.fees.deposits import DepositEntry, give_back_deposit, set_deposit, take_deposit
from billing.fees.dues import DuesInput, post_dues
from billing.fees.materials import MaterialInput, Sale, enter_material, receive, sell
from billing.fees.missed import fix_fee, take_back
from billing.fees.posting import FeeInput, enter_fee, reverse_fee
from billing.fees.terms import TermsEntry, set_terms
from billing.ledger.audit import broken_ledger
from billing.ledger.opening import begin_opening, open_batch
from billing.models import Charge, Entry, EquityMove, Fee, Ledger, Unpriced
from billing.models.fee import FEE_KINDS
from billing.models.ledger import SOURCES
from booking.kernel.orm import Base
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.reservations.decisions import report_no_show
from booking.reservations.reservations import cancel
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY
from tests.integration.money.harvester_pool import JUNE, PER_SHARE, cost, delivered, do, use
from tests.integration.money.test_who_bears_costs import leave

LATER = MONDAY + timedelta(hours=10)
LINES, ENTRY, EVENT = (f"INSERT INTO {table} " for table in ("billing_posting", "billing_entry", "booking_event"))
COMMIT = "commit"


class Broken(Exception):
    """Ends a transaction in its middle."""


@contextmanager
def broken_at(moment):
    """Fail before the lines of an entry are written, before the entry, before its event, or before the commit."""
    seen = []

    def execute(_connection, _cursor, statement, *_facts):
        if statement.startswith(moment) and (moment != EVENT or seen):
            raise Broken
        if statement.startswith(ENTRY):
            seen.append(statement)

    def commit(*_facts):
        raise Broken

    heard = ("commit", commit) if moment == COMMIT else ("before_cursor_execute", execute)
    event.listen(db.engine, *heard)
    try:
        yield
    finally:
        event.remove(db.engine, *heard)


def stored(session):
    """All rows of billing and of the event log, by table."""
    session.rollback()
    tables = [one for one in Base.metadata.sorted_tables if one.name.startswith(("billing_", "booking_event"))]
    return {one.name: sorted(map(repr, session.execute(select(one)).all())) for one in tables}


def is_whole_or_not_at_all(session, verb, source):
    """Break a verb at each moment: nothing of it stays. Then do it: its entry has the source."""
    before = stored(session)
    for moment in (LINES, ENTRY, EVENT, COMMIT):
        with broken_at(moment), pytest.raises(Broken), write_transaction(session):
            verb(session, by=SOMEBODY, now=LATER)
        assert stored(session) == before
    with write_transaction(session):
        verb(session, by=SOMEBODY, now=LATER)
    made = select(func.count()).where(getattr(Entry, source).is_not(None), Entry.posted_at == LATER)
    assert session.scalar(made), source
    assert not list(broken_ledger(session))


def last(session, model):
    return session.scalar(select(func.max(model.id)))


def charges(session, ring, _pool):
    first = use(session, ring.combine, ring.anna, 100)
    yield partial(charge_for, usage_id=first)
    with write_transaction(session):  # it is corrected: a reversal and a new charge
        session.execute(update(UsageRecord).where(UsageRecord.id == first).values(used_amount=200))
    yield partial(charge_for, usage_id=first)
    yield partial(charge_many, usage_ids=[use(session, ring.combine, ring.anna, ares) for ares in (300, 400)])
    use(session, ring.combine, ring.anna, 500)
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed", posted_charge_id=last(session, Charge)))
    delivered(session)
    assert session.scalar(select(func.count()).select_from(Unpriced)) == 0
    with write_transaction(session):
        begin_opening(session, date(2026, 1, 1), now=MONDAY)
    yield open_batch
    with write_transaction(session):
        open_batch(session, by=SOMEBODY, now=MONDAY)


def allocations(session, _ring, pool):
    cost(session, pool, "variable", 100_000)
    digest = preview_allocation(session, pool, *JUNE).digest
    post = partial(post_allocation, pool_id=pool, period_from=JUNE[0], period_until=JUNE[1], digest=digest)
    made = []
    yield lambda *args, **named: made.append(post(*args, **named).id)
    yield partial(reverse_allocation, allocation_id=made[-1], reason="Once more.")


def advances(session, _ring, pool):
    made = []
    post = partial(post_advance, pool_id=pool, wanted=PER_SHARE)
    yield lambda *args, **named: made.append(post(*args, **named).id)
    yield partial(reverse_advance, advance_id=made[-1], reason="Once more.")


def fees(session, ring, _pool):
    yield partial(enter_fee, wanted=FeeInput("other", ring.anna, TODAY, "Key", Decimal(1), Decimal(10)))
    yield partial(reverse_fee, fee_id=last(session, Fee), reason="Once more.")
    classes = frozenset({"member"})
    year = date(2026, 1, 1), date(2026, 12, 31)
    yield partial(post_dues, wanted=DuesInput(*year, TODAY, 6_000, classes, "Dues"))
    material = do(session, enter_material, ring.hall, MaterialInput("Plywood", "m²", Decimal(13)))
    do(session, receive, material, Decimal(10), "LS 4711")
    yield partial(sell, material_id=material, sale=Sale(ring.anna, Decimal(2), TODAY))
    yield partial(reverse_fee, fee_id=last(session, Fee), reason="Once more.")


def fees_of_reservations(session, ring, _pool):
    do(session, set_deposit, ring.combine, DepositEntry(TODAY, 10_000))
    do(session, set_terms, ring.combine, TermsEntry(TODAY, 100, ((24, 50),), base_cents=4_000))
    lent, missed, late = (
        reserve(session, ring.combine, ring.anna, hours(MONDAY, first, first + 2), now=MONDAY).id for first in (1, 4, 7)
    )
    with write_transaction(session):
        slip = usage.hand_out(session, lent, Measurement(), by=SOMEBODY, now=MONDAY + timedelta(hours=1)).id
    yield partial(take_deposit, usage_id=slip)
    yield partial(give_back_deposit, reservation_id=lent, is_priced=True)
    with write_transaction(session):
        report_no_show(session, missed, by=SOMEBODY, now=MONDAY + timedelta(hours=5))
        cancel(session, late, by=SOMEBODY, now=MONDAY + timedelta(hours=6))
    delivered(session)
    yield partial(fix_fee, reservation_id=missed)
    yield partial(take_back, reservation_id=missed)
    yield partial(fix_fee, reservation_id=late)


def equity(session, ring, _pool):
    do(session, enter_fee, FeeInput("other", ring.anna, TODAY, "Key", Decimal(1), Decimal(10)))
    paid, writer = EquityInput(ring.anna, date(2026, 2, 1), 100_000), TextComposer(session)
    back = partial(reverse_equity, reason="Once more.", writer=writer)
    yield partial(enter_equity, wanted=paid)
    yield partial(back, move_id=last(session, EquityMove))
    do(session, enter_equity, paid)
    leave(session, ring.anna, date(2026, 11, 1))
    digest = preview_settlement(session, ring.anna, now=LATER).digest
    yield partial(settle, member_id=ring.anna, writer=writer, digest=digest)
    yield partial(back, move_id=last(session, EquityMove))


CASES = {
    "charge_id": (charges,),
    "allocation_id": (allocations,),
    "advance_id": (advances,),
    "fee_id": (fees, fees_of_reservations),
    "equity_id": (equity,),
}


def walk(session, ring, pool, source):
    for case in CASES[source]:
        for verb in case(session, ring, pool):
            is_whole_or_not_at_all(session, verb, source)


@pytest.mark.of_sqlite
@pytest.mark.parametrize("source", [one for one in SOURCES if one != "allocation_id"])
def test_a_source_is_stored_with_its_entry_or_not_at_all(session, sample_ring, charged, source):
    walk(session, sample_ring, charged, source)
    if source == "fee_id":  # every kind was there
        assert set(session.scalars(select(Fee.kind).distinct())) == set(FEE_KINDS)


def test_an_allocation_is_stored_with_its_entry_or_not_at_all(session, sample_ring, charged):
    walk(session, sample_ring, charged, "allocation_id")
