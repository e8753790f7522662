"""Two treasurers and two workers at once: one effect each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.documents.composer import TextComposer
from app.extensions import db
from app.imports.columns import SHARES
from app.imports.reading import read_file
from app.imports.shares import run_shares
from billing.allocations.allocations import post_allocation, reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.charges.charges import charge_for
from billing.equity.equity import EquityInput, enter_equity
from billing.equity.settlements import preview_settlement, settle
from billing.models import Allocation, Charge, EquityMove, Share
from billing.pools.costs import CostEntry, change_cost, enter_cost
from billing.pools.pool_scopes import open_pool
from billing.pools.pools import ADVANCE, enter_pool
from billing.pools.scopes import RING, WORKSHOP, Scope
from billing.queries.balances import balance_of
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, post, use
from tests.integration.money.test_who_bears_costs import leave

YEAR = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def race(app):
    """race(first, second) -> what became of each: an id, or the code of its refusal."""

    def run(*verbs):
        start_together = Barrier(len(verbs))

        def one(verb):
            with app.app_context():
                session = db.session()
                start_together.wait()
                try:
                    return in_write_transaction(session, lambda: verb(session).id)
                except DomainError as refusal:
                    return refusal.code
                finally:
                    db.session.remove()

        with ThreadPoolExecutor() as threads:
            return list(threads.map(one, verbs))

    return run


@pytest.fixture
def pool(session, sample_ring):
    use(session, sample_ring.combine, sample_ring.anna, 200)
    return do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})


@pytest.fixture
def cost(session, pool):
    return do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "repair", 10_001))


def test_two_treasurers_settle_once_with_who_left(session, race, sample_ring, pool, cost):
    post(session, pool, YEAR)
    do(session, enter_equity, EquityInput(sample_ring.anna, date(2026, 1, 1), 4_000))
    leave(session, sample_ring.anna, date(2026, 11, 1))
    digest = preview_settlement(session, sample_ring.anna, now=MONDAY).digest
    session.rollback()

    def settling(session):
        writer = TextComposer(session)
        return settle(session, sample_ring.anna, writer, digest=digest, by=SOMEBODY, now=MONDAY)

    outcomes = race(settling, settling, settling)

    session.rollback()
    assert len(set(outcomes)) == 1
    assert session.scalars(select(EquityMove.kind).order_by(EquityMove.id)).all() == ["paid_in", "leaving", "set_off"]
    assert balance_of(session, sample_ring.anna).cents == 10_001 - 4_000


def test_two_treasurers_post_one_allocation(session, race, pool, cost):
    digest = preview_allocation(session, pool, *YEAR).digest

    def posting(session):
        return post_allocation(session, pool, *YEAR, digest=digest, by=SOMEBODY, now=MONDAY)

    outcomes = race(posting, posting, posting)

    session.rollback()  # what it read before belongs to the past
    assert outcomes.count("nothing_to_allocate") == 2
    assert session.scalar(select(func.count()).select_from(Allocation)) == 1


def test_of_pools_that_overlap_one_counts_the_charges(session, race, sample_ring):
    def opening(scope, name):
        return lambda session: open_pool(
            session, scope, name, {"repair": "use"}, by=SOMEBODY, now=MONDAY, charges_are=ADVANCE
        )

    hall = Scope(WORKSHOP, workshop_id=sample_ring.hall)
    outcomes = race(opening(Scope(RING), "Ring"), opening(hall, "Hall"), opening(Scope(RING), "All"))
    assert outcomes.count("other_pool_counts") == 2


def test_a_cost_is_not_changed_while_it_is_allocated(session, race, pool, cost):
    digest = preview_allocation(session, pool, *YEAR).digest
    entry = CostEntry(date(2026, 6, 3), "Huber", "repair", 9_999)

    posted, changed = race(
        lambda session: post_allocation(session, pool, *YEAR, digest=digest, by=SOMEBODY, now=MONDAY),
        lambda session: change_cost(session, cost, entry, by=SOMEBODY, now=MONDAY),
    )

    assert (posted, changed) in ((1, "cost_allocated"), ("stale_preview", cost))


def test_an_allocation_is_reversed_once(session, race, pool, cost):
    posted = post(session, pool, YEAR)

    def reversing(session):
        return reverse_allocation(session, posted, "Twice?", by=SOMEBODY, now=MONDAY)

    assert sorted(map(str, race(reversing, reversing))) == ["2", "already_reversed"]


def test_two_workers_price_a_slip_once(session, sample_ring, race):
    slip = use(session, sample_ring.combine, sample_ring.anna, 200)
    entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(1), "guest": Decimal(1)})
    do(session, enter_tariff, sample_ring.combine, entry)

    def pricing(session):
        return charge_for(session, slip, by=SOMEBODY, now=MONDAY)

    outcomes = race(pricing, pricing, pricing)

    session.rollback()
    assert session.scalar(select(func.count()).select_from(Charge)) == 1
    assert set(outcomes) <= {1, 2, 3, "already_charged"}


def test_two_treasurers_enter_one_file_of_shares(app, session, pool, sample_ring):
    text = b"Mitgliedsnummer;Anteile\nM-Anna;7\nM-Bernd;3\n"
    start_together = Barrier(2)

    def enter(_number):
        with app.test_request_context():
            table = read_file("shares", SHARES, text).table
            start_together.wait()
            result = run_shares(db.session(), pool, table, YEAR[0], by=SOMEBODY, now=MONDAY, dry_run=False)
            db.session.remove()
            return (
                result.report.count("entered"),
                result.report.count("same"),
                result.report.count("refused"),
                result.total,
            )

    with ThreadPoolExecutor() as threads:
        outcomes = sorted(threads.map(enter, range(2)))

    assert outcomes == [(0, 2, 0, 10), (2, 0, 0, 10)]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Share)) == 2
