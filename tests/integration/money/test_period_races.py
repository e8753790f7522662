"""A period is closed while a machine comes back, a slip is corrected or repriced: what is posted is in it or later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from billing.allocations.allocations import post_allocation
from billing.allocations.previews import preview_allocation
from billing.charges import charges
from billing.closing.audit import broken_periods
from billing.closing.checklist import open_points
from billing.closing.failed_pricing import price_again
from billing.closing.periods import close_period, preview_closing
from billing.errors.money_errors import OpenPoints
from billing.ledger.audit import broken_ledger
from billing.models import Charge, Entry
from billing.period_names import named_period
from billing.subscribers import SUBSCRIPTIONS
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.deliveries import deliver
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, reserve
from tests.integration.money.harvester_pool import JUNE, close, cost, delivered, use
from tests.integration.schedule.test_offer_races import all_at_once

LAST_EVENING = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
JULY = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
DEARER = TariffEntry(date(2026, 6, 1), prices={"member": Decimal(150)})


@pytest.fixture
def out(session, sample_ring, seven, june):
    """A reservation of the last night of June that is still out."""
    made = reserve(session, sample_ring.combine, seven[0], TimeSpan(LAST_EVENING, JULY), now=LAST_EVENING)
    with write_transaction(session):
        usage.hand_out(session, made.id, Measurement(), by=SOMEBODY, now=LAST_EVENING)
    return made.id


@pytest.fixture
def disputed(session, sample_ring, seven, june):
    """A slip of the last evening of June to which its member objected."""
    slip = use(session, sample_ring.combine, seven[0], 300, LAST_EVENING)
    delivered(session, JULY)
    with write_transaction(session):
        objections.object_to(session, slip, "Too much.", by=SOMEBODY, now=JULY)
    return slip


def handing_back(request):
    reservation = request.getfixturevalue("out")
    measured = Measurement(amount=200)
    return lambda session: usage.hand_back(session, reservation, measured, by=SOMEBODY, now=JULY).id


def correcting(request):
    slip = request.getfixturevalue("disputed")
    words = {"corrected_amount": 100, "by": SOMEBODY, "now": JULY}
    return lambda session: objections.answer(session, slip, "You are right.", **words).id


def repricing(request):
    machine = request.getfixturevalue("sample_ring").combine
    request.getfixturevalue("disputed")
    return lambda session: enter_tariff(session, machine, DEARER, by=SOMEBODY, now=JULY, reprice=True).id


def delivering(session):
    return sum(deliver(session, subscription, now=JULY, limit=50) for subscription in SUBSCRIPTIONS)


@pytest.mark.parametrize("other", [handing_back, correcting, repricing])
def test_what_happens_while_a_period_is_closed_is_in_it_or_dated_later(app, session, june, request, other):
    verb = other(request)
    before = session.scalar(select(func.max(Entry.id)))
    digest = preview_closing(session, "2026-06", now=JULY).digest
    session.rollback()

    def closing(of_session):
        return close_period(of_session, "2026-06", digest=digest, accepts_open=True, by=SOMEBODY, now=JULY).sha256

    results = all_at_once(app, closing, verb, delivering, closing, delivering)

    refused = {one.code for one in results if isinstance(one, DomainError)}
    assert refused <= {"events_undelivered", "stale_closing", "wrong_period_state", "busy"}, results
    assert all(isinstance(one, int | str | DomainError) for one in results), results
    closed = [one for one in results if isinstance(one, str)]
    assert len(closed) <= 1
    session.rollback()
    if isinstance(results[1], DomainError):  # on a slow machine the lock was not free in time
        with write_transaction(session):
            verb(session)
    delivered(session, JULY)
    dates = set(session.scalars(select(Entry.posting_date).where(Entry.id > before)))
    assert dates  # of June, or of July where the period was closed before
    assert dates <= ({JULY.date()} if closed else {LAST_EVENING.date(), date(2026, 6, 15)})
    if not closed:
        close(session, now=JULY)
    assert list(broken_periods(session)) == []
    assert list(broken_ledger(session)) == []
    assert session.scalar(select(func.count()).where(UsageRecord.used_amount.is_(None))) == 0


def test_two_treasurers_post_a_late_cost_while_a_third_closes_the_period(app, session, seven, june):
    cost(session, june, "variable", 12_345)
    allocated = preview_allocation(session, june, *JUNE).digest
    digest = preview_closing(session, "2026-06", now=JULY).digest
    before = session.scalar(select(func.max(Entry.id)))
    session.rollback()

    def posting(of_session):
        return post_allocation(of_session, june, *JUNE, digest=allocated, by=SOMEBODY, now=JULY).id

    def closing(of_session):
        return close_period(of_session, "2026-06", digest=digest, accepts_open=True, by=SOMEBODY, now=JULY).sha256

    results = all_at_once(app, posting, closing, posting)

    refused = {one.code for one in (results[0], results[2]) if isinstance(one, DomainError)}
    assert refused <= {"nothing_to_allocate", "busy"}, results
    session.rollback()
    posted = session.scalars(select(Entry.posting_date).where(Entry.id > before)).all()
    assert len(posted) == sum(isinstance(one, int) for one in (results[0], results[2])) == 1 or "busy" in refused
    assert set(posted) <= {JULY.date() if isinstance(results[1], str) else date(2026, 6, 30)}
    assert list(broken_periods(session)) == []


def test_a_slip_that_cannot_be_priced_keeps_no_period_open(session, sample_ring, seven, june, monkeypatch):
    """It is named, can be tried again or corrected, and a closed period stays as it is."""
    broken, of_june = use(session, sample_ring.combine, seven[0], 666), named_period("2026-06")
    price, amount = charges.price_of_slip, 666

    def failing(of_session, slip, *rest):
        if slip.used_amount == amount:
            raise OverflowError
        return price(of_session, slip, *rest)

    monkeypatch.setattr(charges, "price_of_slip", failing)
    delivered(session, JULY)

    (point,) = open_points(session, of_june)
    assert (point.code, point.count, point.slips, point.blocks) == ("failed", 1, (broken,), False)
    assert priced_again(session) == 0
    with pytest.raises(OpenPoints):
        close(session, now=JULY, accepts_open=False)
    assert open_points(session, named_period("2026-05")) != open_points(session, of_june)

    with write_transaction(session):
        objections.object_to(session, broken, "Not so much.", by=SOMEBODY, now=JULY)
        objections.answer(session, broken, "Right.", corrected_amount=66, by=SOMEBODY, now=JULY)
    assert [one.code for one in open_points(session, of_june)] == ["events", "failed"]
    delivered(session, JULY + timedelta(minutes=2))
    assert open_points(session, of_june) == ()

    another = use(session, sample_ring.combine, seven[1], 666)
    delivered(session, JULY)
    sealed = close(session, now=JULY)
    amount = None
    assert priced_again(session) == 2  # the first one as well, whose failure meant nothing any more
    delivered(session, JULY + timedelta(minutes=2))
    assert session.scalars(select(Entry.posting_date).order_by(Entry.id.desc()).limit(1)).one() == JULY.date()
    assert open_points(session, of_june) == ()
    assert session.scalar(select(func.count()).select_from(Charge).where(Charge.usage_id == another)) == 1
    assert sealed
    assert list(broken_periods(session)) == []


def priced_again(session):
    with write_transaction(session):
        return price_again(session, now=JULY + timedelta(minutes=1))
