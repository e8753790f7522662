"""The ledger while others write: order of locks, two at one moment, an audit meanwhile, and ways around its guards."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from billing.allocations import advances, allocations
from billing.allocations.previews import preview_allocation
from billing.charges import charges
from billing.errors.money_errors import StalePreview
from billing.ledger import audit
from billing.ledger.audit import broken_ledger
from billing.models import Advance, Allocation, Entry, Posting
from billing.pools.pools import change_pool
from billing.queries.balances import balance_totals
from billing.queries.ledger import trial_balance
from billing.tariffs.tariffs import TariffEntry, change_tariff, enter_tariff
from booking.kernel.engine import WRITING
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import JUNE, PER_HECTARE, PER_SHARE, RULES, cost, do, post, use
from tests.integration.money.test_ledger import _unposted_charge, entry_row, owed, posting_rows, store
from tests.integration.schedule.test_offer_races import all_at_once

NEXT_YEAR = TariffEntry(date(2027, 1, 1), prices={"member": Decimal(150)})


@contextmanager
def statements_of(session):
    """The statements that are sent meanwhile, in their order."""
    sent: list[str] = []

    def note(*words):
        sent.append(words[2])

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield sent
    event.remove(session.get_bind(), "before_cursor_execute", note)


def first(sent, part):
    return next(number for number, statement in enumerate(sent) if part in statement)


def test_whoever_posts_locks_the_ledger_before_the_rows_that_pricing_locks(session, sample_ring, seven, charged):
    """Pricing locks the ledger, then charge and tariff. The other way round, both would wait for each other."""
    cost(session, charged, "basic fee", 70_000)
    with statements_of(session) as posting:
        allocation = post(session, charged)
    with statements_of(session) as reversing:
        do(session, allocations.reverse_allocation, allocation, "Once more.")
    later = do(session, enter_tariff, sample_ring.combine, NEXT_YEAR)
    with statements_of(session) as changing:
        do(session, change_tariff, later, NEXT_YEAR)

    for sent, after in (
        (posting, "INSERT INTO billing_allocation "),
        (posting, "INSERT INTO billing_allocation_charge"),
        (reversing, "INSERT INTO billing_allocation "),
        (changing, "FROM billing_tariff"),
    ):
        assert first(sent, "FROM billing_ledger") < first(sent, after), after


def test_what_is_priced_between_preview_and_posting_makes_the_preview_stale(
    session,
    sample_ring,
    seven,
    charged,
    monkeypatch,
):
    """A slip may be priced while the preview is computed (PostgreSQL): what is posted is what was shown."""
    cost(session, charged, "basic fee", 70_000)
    digest = preview_allocation(session, charged, *JUNE).digest
    do(session, enter_tariff, sample_ring.combine, NEXT_YEAR)
    usage_id = use(session, sample_ring.combine, seven[0], 100)
    lock = allocations.lock_ledger

    def after_somebody_priced(of_session):
        charges.charge_for(of_session, usage_id, by=SOMEBODY, now=MONDAY)
        return lock(of_session)

    monkeypatch.setattr(allocations, "lock_ledger", after_somebody_priced)
    with pytest.raises(StalePreview):
        do(session, allocations.post_allocation, charged, *JUNE, digest=digest)


def test_all_treasurers_at_once_post_each_thing_once(app, session, sample_ring, seven, charged):
    """Two post one allocation, two one advance, one reverses, two price: one outcome each, and the books are sound."""
    cost(session, charged, "basic fee", 70_000)
    called = do(session, advances.post_advance, charged, PER_SHARE, form_key="first")
    digest = preview_allocation(session, charged, *JUNE).digest
    usage_ids = [use(session, sample_ring.combine, each, 100) for each in seven]

    def allocating(of_session):
        return allocations.post_allocation(
            of_session, charged, *JUNE, digest=digest, by=SOMEBODY, now=MONDAY
        ).total_cents

    def calling(of_session):
        again = advances.post_advance(of_session, charged, PER_SHARE, by=SOMEBODY, now=MONDAY, form_key="second")
        return again.total_cents

    def reversing(of_session):
        return advances.reverse_advance(of_session, called, "Wrong.", by=SOMEBODY, now=MONDAY).total_cents

    def pricing(of_session):
        return sum(charges.charge_for(of_session, one, by=SOMEBODY, now=MONDAY).cents for one in usage_ids)

    results = all_at_once(app, allocating, calling, reversing, pricing, allocating, calling, pricing)

    assert all(isinstance(one, int | DomainError) for one in results), results
    session.rollback()
    assert session.scalars(select(Advance.form_key).where(Advance.form_key.is_not(None))).all() == ["first", "second"]
    assert len(session.scalars(select(Allocation)).all()) <= 1
    assert sorted(session.scalars(select(Entry.id))) == list(range(1, len(session.scalars(select(Entry.id)).all()) + 1))
    assert sum(each.cents for each in trial_balance(session)) == 0
    assert balance_totals(session).cents == sum(owed(session, seven))
    assert list(broken_ledger(session)) == []


def test_the_audit_is_not_misled_by_what_is_posted_meanwhile(app, session, charged, monkeypatch):
    stream, keys = audit._stream, iter("abcdef")

    def and_somebody_posts(of_session, statement):
        rows = stream(of_session, statement)
        with Session(session.get_bind()) as other, write_transaction(other):
            advances.post_advance(other, charged, PER_SHARE, by=SOMEBODY, now=MONDAY, form_key=next(keys))
        return rows

    monkeypatch.setattr(audit, "_stream", and_somebody_posts)

    assert list(broken_ledger(session)) == []
    session.rollback()
    assert session.scalars(select(Advance.form_key)).all() == ["a", "b", "c"]


def test_entries_are_numbered_without_a_gap(session, charged):
    def post_and_fail():
        with write_transaction(session):
            advances.post_advance(session, charged, PER_SHARE, by=SOMEBODY, now=MONDAY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        post_and_fail()
    do(session, advances.post_advance, charged, PER_SHARE)

    assert session.scalars(select(Entry.id).order_by(Entry.id)).all() == list(range(1, 8))


def test_an_entry_whose_id_is_left_out_cannot_borrow_the_lines_of_another(session, charged):
    """SQLite's trigger sees the id -1 then."""
    source = _unposted_charge(session)
    with pytest.raises(DatabaseError, match="ck_billing_entry_id"):
        store(session, (Posting, posting_rows(-1, 500, -500)), (Entry, [entry_row(-1, source)]))


KEY_OF_LINES = """SELECT conname FROM pg_constraint
WHERE conrelid = 'billing_posting'::regclass AND condeferrable AND contype = 'f'"""
LINE = "INSERT INTO billing_posting (entry_id, number, account_id, topic, cents) VALUES (7, 9, 1, 'use', 5)"


@pytest.mark.parametrize("checks_at_once", [False, True])
def test_no_second_transaction_adds_a_line_to_an_entry_that_it_cannot_see(session, charged, checks_at_once):
    """On SQLite there is one writer at a time: its line stays without an entry."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"

    def intrude():
        with session.get_bind().connect().execution_options(**{WRITING: True}) as intruder, intruder.begin():
            if on_postgresql and checks_at_once:
                key = intruder.scalar(text(KEY_OF_LINES))
                intruder.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                intruder.execute(text(f"SET CONSTRAINTS {key} DEFERRED"))
            intruder.execute(text(LINE))
            if on_postgresql:
                do(session, advances.post_advance, charged, PER_SHARE)

    with pytest.raises(DatabaseError):
        intrude()
    session.rollback()
    assert list(broken_ledger(session)) == []


def test_charges_of_guests_that_no_allocation_counts_are_income(session, sample_ring, pool):
    do(session, change_pool, pool, "Harvester", RULES, charges_are="advance", excludes_guests=True)
    do(session, enter_tariff, sample_ring.combine, PER_HECTARE)
    usage_id = use(session, sample_ring.combine, member(session, "Guest", price_class="guest"), 100)

    do(session, charges.charge_for, usage_id)

    sums = {each.account.code: each.cents for each in trial_balance(session)}
    assert (sums["use_charges"], sums["advances"]) == (-16_000, 0)


def test_the_preview_names_whose_advances_it_does_not_count(session, seven, charged):
    do(session, advances.post_advance, charged, PER_SHARE)
    whole_year = replace(PER_SHARE, period_from=date(2026, 1, 1), period_until=date(2026, 12, 31))
    do(session, advances.post_advance, charged, whole_year)
    cost(session, charged, "variable", 40_000)  # by use: the seventh has none

    warnings = {each.code: each for each in preview_allocation(session, charged, *JUNE).warnings}

    assert warnings["charges_not_counted"].member_ids == (seven[6],)
    assert warnings["advances_beyond"].count == 1
    assert "advances_beyond" not in {
        each.code for each in preview_allocation(session, charged, date(2026, 1, 1), date(2026, 12, 31)).warnings
    }
