"""What the last year would have cost by a tariff that is tried: the same as entering it and pricing all again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from time import process_time

from sqlalchemy import insert, select

from billing import queries
from billing.models import Charge
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, MainEntry, TariffParts, TierEntry
from billing.tariffs.tariff_trial import USES_MAX, last_season, terms_by_class
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.queries import machine_card
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, tariff
from tests.integration.money.test_tariff_lines import NIGHT, entry, prices, timed_use

HOUR = 3_600
TRIED = entry(
    TariffParts(MainEntry("", (TierEntry(3 * HOUR, prices("8")),), month_free_amount=HOUR), adjustments=(NIGHT,)),
    base="10",
    cap_day_cents=4_000,
)


def tried(session, machine_id, trial, *, until=None):
    card = machine_card(session, machine_id)
    return last_season(session, card, terms_by_class(session, trial, card.charge_unit), until=until or MONDAY.date())


def test_a_trial_says_what_entering_the_tariff_then_charges(session, sample_ring):
    plain = tariff(session, sample_ring.splitter, entry(TariffParts(), base="12"))
    slips = [
        timed_use(session, sample_ring.splitter, member_id, MONDAY - timedelta(days=days, hours=length), length)
        for days, length in ((9, 2), (8, 6), (8, 1), (3, 4))
        for member_id in (sample_ring.anna, sample_ring.bernd)
    ]
    for slip in slips:
        charge(session, slip)
    season = tried(session, sample_ring.splitter, TRIED)
    assert season.total.charged_cents == 2 * 13 * 1_200
    assert session.scalars(select(Charge.tariff_id).distinct()).all() == [plain]

    tariff(session, sample_ring.splitter, TRIED, reprice=True)

    charged = queries.cents_of_slips(session, slips)
    assert season.total.cents == sum(charged.values())
    assert (season.total.uses, season.total.unpriced, season.is_cut) == (8, 0, False)
    assert sum(one.cents for one in season.by_class.values()) == season.total.cents


def test_a_trial_of_one_price_says_what_it_then_charges(session, sample_ring):
    slips = [
        timed_use(session, sample_ring.splitter, sample_ring.anna, MONDAY - timedelta(days=days), hours)
        for days, hours in ((5, 1), (4, 3))
    ]
    one_price = entry(TariffParts(), base="12.55", step_amount=1_000, minimum_amount=2 * HOUR, minimum_cents=2_600)
    season = tried(session, sample_ring.splitter, one_price)

    tariff(session, sample_ring.splitter, one_price)
    for slip in slips:
        charge(session, slip)

    assert season.total.cents == sum(queries.cents_of_slips(session, slips).values()) > 5_000


def test_uses_that_lack_an_amount_have_no_price_in_a_trial(session, sample_ring):
    timed_use(session, sample_ring.splitter, sample_ring.anna, MONDAY - timedelta(days=2), 2)
    asks = entry(TariffParts(lines=(LineEntry("Travel", "km", prices("1"), is_required=True),)))

    assert tried(session, sample_ring.splitter, asks).total.unpriced == 1


def test_a_trial_of_ten_thousand_uses_takes_less_than_a_second(session, sample_ring):
    first = timed_use(session, sample_ring.splitter, sample_ring.anna, MONDAY - timedelta(days=300), 2)
    table = UsageRecord.__table__
    row = dict(session.execute(select(table).where(table.c.id == first)).one()._mapping)
    del row["id"]
    days = (date(2026, 2, 1) + timedelta(days=number % 250) for number in range(USES_MAX + 50))
    session.commit()
    with write_transaction(session):
        session.execute(insert(table), [row | {"service_date": day} for day in days])
    surcharge = AdjustmentEntry("Fuel", "percent", Decimal("12.5"))
    trial = entry(TariffParts(TRIED.parts.main, adjustments=(surcharge,)), base="10", cap_day_cents=4_000)

    before = process_time()
    season = tried(session, sample_ring.splitter, trial)
    took = process_time() - before

    assert season.is_cut
    assert USES_MAX - 200 < season.total.uses < USES_MAX
    assert took < 1
