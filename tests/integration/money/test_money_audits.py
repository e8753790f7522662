"""`ring check` finds money that was changed behind the program's back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.storage.audits import check_allocations, check_charges
from billing.allocations.allocations import reverse_allocation
from billing.audits import broken_allocations, broken_charges
from billing.charges.charges import charge_for
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from tests.integration.money.harvester_pool import do, post, use

YEAR = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def books(session, sample_ring):
    """A charge corrected once; an allocation in two cost groups, one reversed and made anew."""
    for price in (115, 110):
        entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(price), "guest": Decimal(price)})
        do(session, enter_tariff, sample_ring.combine, entry, reprice=True)
        for member_id, ares in ((sample_ring.anna, 200), (sample_ring.bernd, 100)):
            if price == 115:
                do(session, charge_for, use(session, sample_ring.combine, member_id, ares))
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use", "insurance": "shares"})
    do(session, set_shares, pool, sample_ring.anna, 3, YEAR[0])
    for kind, cents in (("repair", 10_001), ("insurance", -500)):
        do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", kind, cents))
    do(session, reverse_allocation, post(session, pool, YEAR), "Once more.")
    return post(session, pool, YEAR)


def tamper(session, table, change):
    """Change a table with its guards taken away, as somebody with the database's own tools could."""
    with write_transaction(session):
        if session.get_bind().dialect.name == "sqlite":
            named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
            for name in session.scalars(named, {"table": table}).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(text(f"UPDATE {table} SET {change}"))


def test_consistent_accounts_have_no_findings(session, books):
    assert list(broken_allocations(session)) == []
    assert list(broken_charges(session)) == []


@pytest.mark.parametrize(
    ("table", "change", "what"),
    [
        ("billing_allocation_line", "cents = cents + 1 WHERE allocation_id = 3 AND group_number = 2", "sums_differ"),
        ("billing_allocation_line", "weight = weight + 1 WHERE allocation_id = 3 AND group_number = 1", "weights"),
        ("billing_cost_group", "cents = cents + 1 WHERE allocation_id = 3 AND number = 1", "division"),
        ("billing_allocation_count", "bearers = 7 WHERE allocation_id = 3 AND group_number = 1", "counts"),
        ("billing_allocation_count", "bearers = 7 WHERE allocation_id = 3 AND group_number = 0", "counts"),
        ("billing_allocation_cost", "net_cents = 1 WHERE allocation_id = 1", "sums_differ"),
        ("billing_allocation_cost", "group_number = 3 - group_number WHERE allocation_id = 3", "group_costs"),
        ("billing_allocation", "total_cents = 7 WHERE id = 2", "allocation_mirror"),
    ],
)
def test_a_changed_allocation_is_found(session, books, table, change, what):
    tamper(session, table, change)

    assert what in [found.code for found in broken_allocations(session)]
    assert all(finding.is_broken for finding in check_allocations(session))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("cents = 1 WHERE number = 3", "calculation"),
        ("number = 5 WHERE number = 3", "gap"),
        ("cents = -1 WHERE number = 2", "calculation"),
        ("cents = -cents WHERE number = 2", "charge_mirror"),
    ],
)
def test_a_changed_charge_is_found(session, books, change, what):
    tamper(session, "billing_charge", change)

    assert what in [found.code for found in broken_charges(session)]
    assert all(finding.is_broken for finding in check_charges(session))
