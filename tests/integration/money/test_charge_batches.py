"""Many slips priced at once: the same charges, hashes and events as one after another, in few statements."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from app.extensions import db
from billing.audits import broken_charges
from billing.charges.charge_batches import charge_many
from billing.charges.charges import charge_for
from billing.ledger.audit import broken_ledger
from billing.models import Charge, Entry, Posting, Unpriced
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.subscribers import CHARGES
from booking.events.reservation_events import MachineHandedBack
from booking.kernel import deliveries
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, tariff, use
from tests.integration.money.test_tariff_lines import NIGHT, entry, timed_use


@pytest.fixture
def slips(session, sample_ring):
    """Uses of a plain tariff, of one with a night, of one with a cap; one without a tariff, one that is priced."""
    tariff(session, sample_ring.combine)
    found = [use(session, sample_ring.combine, sample_ring.anna, ares) for ares in (100, 0, 250)]
    priced = use(session, sample_ring.combine, sample_ring.bernd, 40)
    charge(session, priced)
    parts = TariffParts(adjustments=(NIGHT, AdjustmentEntry("Cleaning", "fixed", Decimal(3))))
    tariff(session, sample_ring.splitter, entry(parts, base="10"))
    for days in (9, 8):
        start = MONDAY - timedelta(days=days, hours=9)
        found.append(timed_use(session, sample_ring.splitter, sample_ring.anna, start, 4))
    tariff(session, sample_ring.laser, replace(entry(TariffParts(), base="0.5"), cap_day_cents=1_000))
    for hour in (0, 3):
        start = MONDAY - timedelta(days=3) + timedelta(hours=hour)
        found.append(timed_use(session, sample_ring.laser, sample_ring.anna, start, 2))
    found.append(timed_use(session, sample_ring.cold_store, sample_ring.anna, MONDAY - timedelta(days=2), 2))
    found += [use(session, sample_ring.combine, sample_ring.bernd, ares, days_ago=2) for ares in (70, 90)]
    return [*found, priced, found[0]]


def written(session):
    """Everything that pricing wrote, as rows."""
    statements = (
        select(*Charge.__table__.c).order_by(Charge.id),
        select(*Entry.__table__.c).order_by(Entry.id),
        select(*Posting.__table__.c).order_by(Posting.entry_id, Posting.number),
        select(Unpriced.usage_id),
        select(RecordedEvent.type, RecordedEvent.facts).order_by(RecordedEvent.id),
    )
    return [session.execute(statement).all() for statement in statements]


class TakenBack(Exception):
    """Ends a transaction without storing it."""


def taken_back(session, slips):
    """Return what pricing them together writes, and store nothing."""
    try:
        with write_transaction(session):
            charge_many(session, slips, by=SOMEBODY, now=MONDAY)
            raise TakenBack(written(session))
    except TakenBack as found:
        return found.args[0]


@pytest.mark.of_sqlite
def test_slips_together_leave_what_they_leave_one_after_another(session, sample_ring, slips):
    together = taken_back(session, slips)
    with write_transaction(session):
        for one in slips:
            charge_for(session, one, by=SOMEBODY, now=MONDAY)

    assert written(session) == together
    assert len(together[0]) == len(slips) - 2


def test_what_was_priced_together_is_sound_and_priced_once(session, sample_ring, slips):
    for _time in range(2):
        with write_transaction(session):
            charge_many(session, slips, by=SOMEBODY, now=MONDAY)

    assert len(session.scalars(select(Charge.id)).all()) == len(slips) - 2
    assert not list(broken_charges(session))
    assert not list(broken_ledger(session))


@pytest.mark.of_sqlite
def test_twenty_slips_take_as_many_statements_as_two(app, session, sample_ring):
    tariff(session, sample_ring.combine)
    few, many = (
        [use(session, sample_ring.combine, sample_ring.anna, 100 * size + n) for n in range(size)] for size in (2, 20)
    )
    spent = []
    for some in (few, many):
        statements = []

        def note(*args, statements=statements):
            statements.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        with write_transaction(session):
            charge_many(session, some, by=SOMEBODY, now=MONDAY)
        event.remove(db.engine, "before_cursor_execute", note)
        spent.append(len(statements))
    assert spent[0] == spent[1] < 25


@pytest.mark.of_sqlite
def test_a_slip_that_cannot_be_priced_keeps_no_other_from_its_price(session, sample_ring):
    tariff(session, sample_ring.combine)
    back = [use(session, sample_ring.combine, sample_ring.anna, ares) for ares in (100, 200)]
    with write_transaction(session):
        facts = {"usage_id": 9_999}
        session.add(RecordedEvent(at=MONDAY, actor_job="test", type=MachineHandedBack.type, facts=facts))
    back.append(use(session, sample_ring.combine, sample_ring.anna, 300))
    with write_transaction(session):
        deliveries.deliver(session, CHARGES, now=MONDAY, limit=50)

    assert session.scalars(select(Charge.usage_id).order_by(Charge.id)).all() == back
    assert [failed.facts["usage_id"] for failed, _at in deliveries.failed_events(session, CHARGES)] == [9_999]
