"""What the treasurer's desk is made of: open sums by age, what stands in no invoice, costs per unit, what to close."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import update

from app.documents.composer import TextComposer
from billing.allocations.advances import post_advance, reverse_advance
from billing.closing.periods import set_period_length
from billing.documents.issuing import cancel, issue
from billing.ledger.audit import broken_ledger
from billing.queries import owed_sums
from billing.queries.balances import balance_totals
from billing.queries.machine_years import machine_years
from billing.queries.next_steps import not_invoiced, period_to_close
from billing.queries.open_sums import age_totals, aged_balances
from booking.kernel.transaction import write_transaction
from booking.models import Machine
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, able_to_issue, charge_more, charge_use
from tests.integration.money.harvester_pool import IN_JUNE, PER_SHARE, close, cost, do, post, use

DAY_OF_USE = IN_JUNE.date()


def by_age(session, today):
    return [one.cents for one in age_totals(session, today)]


def test_what_is_owed_grows_old_by_its_posting_date(session, seven, charged):
    """Six of the seven were charged on one day."""
    owed = balance_totals(session).owing_cents

    for days, expected in (
        (30, [owed, 0, 0, 0]),
        (31, [0, owed, 0, 0]),
        (60, [0, owed, 0, 0]),
        (90, [0, 0, owed, 0]),
        (91, [0, 0, 0, owed]),
    ):
        assert by_age(session, DAY_OF_USE + timedelta(days=days)) == expected
    rows, has_more = aged_balances(session, TODAY, age="over", limit=2)
    assert ([row.member_id for row in rows], has_more) == (seven[:2], True), "the largest sum first"
    assert aged_balances(session, TODAY, age="30") == ((), False)


def test_what_was_reversed_makes_nothing_younger(session, charged):
    owed = balance_totals(session).owing_cents
    advance_id = do(session, post_advance, charged, PER_SHARE)
    assert by_age(session, TODAY) == [400_000, 0, 0, owed], "forty shares at 100.00"

    do(session, reverse_advance, advance_id, "Too early.")

    assert by_age(session, TODAY) == [0, 0, 0, owed]


def test_what_is_kept_of_balances_and_ages_follows_every_entry(session, sample_ring, seven, charged):
    """Read anew each time it is the same: entries, reversals of old and new ones, documents, another day."""

    def read():
        return [by_age(session, TODAY), balance_totals(session), not_invoiced(session)]

    def is_as_read_anew():
        kept = read()
        owed_sums._KEPT.clear()
        assert kept == read()
        return kept

    before = is_as_read_anew()
    advance_id = do(session, post_advance, charged, PER_SHARE)
    assert is_as_read_anew() != before
    do(session, reverse_advance, advance_id, "Too early.")
    assert is_as_read_anew() == before
    do(session, reverse_advance, do(session, post_advance, charged, PER_SHARE), "Both are new.")
    assert is_as_read_anew() == before
    able_to_issue(session, *seven)
    with write_transaction(session):
        issue(session, seven[0], TODAY, TextComposer(session), on=TODAY, by=SOMEBODY, now=MONDAY)
    assert is_as_read_anew() != before
    with suppress(ZeroDivisionError), write_transaction(session):
        post_advance(session, charged, PER_SHARE, by=SOMEBODY, now=MONDAY)
        assert by_age(session, TODAY)[0] == 400_000, "as the transaction sees it"
        raise ZeroDivisionError
    is_as_read_anew()
    assert by_age(session, DAY_OF_USE)[0] == 3_178_000, "of another day, which is kept then"
    is_as_read_anew()


def test_what_is_counted_settles_the_oldest_sums(session, charged):
    """The allocation of June counts the charges: what is due beyond them is as old as the last day of June."""
    cost(session, charged, "fixed", 2_431_655)
    cost(session, charged, "variable", 1_148_230)
    post(session, charged)
    totals = balance_totals(session)
    assert totals.owing_cents == 3_579_885, "the costs: of the charges nothing is left"

    assert by_age(session, date(2026, 7, 29)) == [totals.owing_cents, 0, 0, 0]


def test_what_stands_in_no_invoice_follows_issuing_and_taking_back(session, sample_ring):
    assert not not_invoiced(session).is_asked
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250)
    charge_more(session, sample_ring.combine, sample_ring.bernd, 200)
    found = not_invoiced(session)
    assert (found.is_asked, found.members, found.cents) == (True, 2, 175_000 + 28_000)

    composer, dated = TextComposer(session), {"on": TODAY, "by": SOMEBODY, "now": MONDAY}
    with write_transaction(session):
        (document_id,) = issue(session, sample_ring.anna, TODAY, composer, **dated)
    found = not_invoiced(session)
    assert (found.members, found.cents) == (1, 28_000)

    with write_transaction(session):
        cancel(session, document_id, composer, **dated)
    assert not_invoiced(session).cents == 203_000
    assert list(broken_ledger(session)) == []


def test_costs_per_unit_are_the_bills_of_a_year_by_its_use(session, sample_ring, pool):
    """227 hectares were cut in June; the bills of another year and uses in another unit do not count."""
    cost(session, pool, "variable", 1_148_230)
    cost(session, pool, "fixed", 2_431_655)
    cost(session, pool, "fixed", 99_900, date(2025, 5, 1))

    (found,) = machine_years(session, [sample_ring.combine], 2026)

    assert [(one.year, one.used, one.cents) for one in found.years] == [
        (2023, 0, 0),
        (2024, 0, 0),
        (2025, 0, 99_900),
        (2026, 22_700, 3_579_885),
    ]
    assert found.cents_per_unit(found.years[3]) == Fraction(3_579_885, 227)
    assert found.cents_per_unit(found.years[2]) is None
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(charge_unit="hour"))
    (found,) = machine_years(session, [sample_ring.combine], 2026)
    assert found.years[3].used == 0
    assert machine_years(session, [], 2026) == ()
    use(session, sample_ring.combine, sample_ring.anna, 3600)
    (found,) = machine_years(session, [sample_ring.combine], 2026)
    assert found.years[3].used == 3600, "what was kept ends with the next slip"


def test_the_oldest_period_that_is_over_is_to_be_closed(session, june):
    assert period_to_close(session, date(2026, 6, 30)) is None
    assert period_to_close(session, date(2026, 7, 1)).name == "2026-06"
    close(session)
    assert period_to_close(session, date(2026, 7, 1)) is None
    assert period_to_close(session, date(2026, 8, 1)).name == "2026-07"
    do(session, set_period_length, "year")
    assert period_to_close(session, date(2026, 8, 1)).name == "2026-07", "a year keeps the length of its closed periods"
