"""The golden harvester pool: seven members, their shares and hectares, its costs, charges and closed months.

Its fixtures are there for every test.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from billing.allocations.advances import AdvanceInput
from billing.allocations.allocations import post_allocation
from billing.allocations.previews import preview_allocation
from billing.charges.charges import charge_for
from billing.closing.periods import close_period, preview_closing, set_period_length
from billing.models import AllocationLine
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import change_pool, enter_pool
from billing.pools.shares import set_shares
from billing.subscribers import SUBSCRIPTIONS
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.deliveries import deliver
from booking.kernel.transaction import write_transaction
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY

SHARES = (10, 8, 6, 6, 4, 4, 2)
ARES = (6120, 4875, 4000, 3330, 2550, 1825, 0)
JUNE = date(2026, 6, 1), date(2026, 6, 30)
IN_JUNE = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
RULES = {"fixed": "shares", "variable": "use", "basic fee": "head"}
PER_HECTARE = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(140), "guest": Decimal(160)})
PER_SHARE = AdvanceInput(*JUNE, shares_on=date(2026, 6, 1), unit_cents=10_000)
DUE = [-37890, -28149, -51492, 8418, -23420, 41407, 103011]


def do(session, verb, *values, **named):
    with write_transaction(session):
        made = verb(session, *values, by=SOMEBODY, now=MONDAY, **named)
        return getattr(made, "id", None)


def cost(session, pool_id, kind, net_cents, day=date(2026, 6, 20)):
    return do(session, enter_cost, pool_id, CostEntry(day, "Werkstatt Huber", kind, net_cents))


def use(session, machine_id, member_id, ares, start=IN_JUNE):
    span = TimeSpan(start, start + timedelta(hours=2))
    with write_transaction(session):
        reported = UnreservedUse(machine_id, member_id, span, Measurement(amount=ares), allow_overlap=True)
        return usage.record_usage(session, reported, by=SOMEBODY, now=MONDAY).slip.id


@pytest.fixture
def seven(session, sample_ring):
    """Seven members with the shares and the hectares of the golden example."""
    return [member(session, f"Hof {number}", number=f"M-{number}") for number in range(1, 8)]


@pytest.fixture
def pool(session, sample_ring, seven):
    """The harvester pool of the seven, with their use in June."""
    made = do(session, enter_pool, sample_ring.combine, "Harvester", RULES)
    for member_id, shares, ares in zip(seven, SHARES, ARES, strict=True):
        do(session, set_shares, made, member_id, shares, date(2026, 1, 1))
        if ares:
            use(session, sample_ring.combine, member_id, ares)
    return made


def post(session, pool_id, period=JUNE, **named):
    digest = preview_allocation(session, pool_id, *period).digest
    return do(session, post_allocation, pool_id, *period, digest=digest, **named)


def borne(session, *allocation_ids):
    """Cents by member over these allocations."""
    rows = session.execute(
        select(AllocationLine.member_id, func.sum(AllocationLine.cents))
        .where(AllocationLine.allocation_id.in_(allocation_ids))
        .group_by(AllocationLine.member_id)
        .order_by(AllocationLine.member_id)
    )
    return [int(cents) for _member, cents in rows]


@pytest.fixture
def charged(session, sample_ring, pool):
    """The golden harvester pool, its charges counted as advances: 140.00 per hectare."""
    do(session, change_pool, pool, "Harvester", RULES, charges_are="advance")
    charge_all(session, sample_ring)
    return pool


def charge_all(session, sample_ring):
    do(session, enter_tariff, sample_ring.combine, PER_HECTARE)
    for use_of_june in queries.counted_uses(session, sample_ring.combine, *JUNE, steps=1):
        do(session, charge_for, use_of_june.usage_id)


def delivered(session, now=MONDAY):
    """Price what was handed back and settle what follows from it, as the worker does."""
    for subscription in SUBSCRIPTIONS:
        for _batch in range(50):
            with write_transaction(session):
                if not deliver(session, subscription, now=now, limit=50):
                    break


@pytest.fixture
def june(session, sample_ring, seven, pool):
    """The golden harvester pool with its June allocated, by months, and everything delivered."""
    do(session, change_pool, pool, "Harvester", RULES, charges_are="income")
    do(session, enter_tariff, sample_ring.combine, PER_HECTARE)
    delivered(session)
    do(session, set_period_length, "month")
    cost(session, pool, "variable", 100_000)
    post(session, pool)
    return pool


def close(session, name="2026-06", *, now=MONDAY, by=SOMEBODY, **named):
    named = {"digest": preview_closing(session, name, now=now).digest, "accepts_open": True} | named
    with write_transaction(session):
        return close_period(session, name, by=by, now=now, **named).sha256
