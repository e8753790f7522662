"""A use gets its price once; a correction is a reversal and a new price, never an edit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from billing import subscribers
from billing.charges.charges import charge_for
from billing.errors.money_errors import NotHandedBack, TariffInUse, WrongAmount
from billing.models import Charge, Tariff, TariffPrice, Unpriced
from billing.queries import machine_months
from billing.tariffs.tariffs import TariffEntry, change_tariff, enter_tariff, withdraw_tariff
from booking.kernel.deliveries import deliver
from booking.kernel.errors import StaleRevision
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

YEAR_2026 = TariffEntry(date(2026, 1, 1), prices={"member": Decimal("115.00"), "guest": Decimal("138.00")})


def tariff(session, machine_id, entry=YEAR_2026, **changes):
    with write_transaction(session):
        return enter_tariff(session, machine_id, entry, by=SOMEBODY, now=MONDAY, **changes).id


def use(session, machine_id, member_id, ares, *, days_ago=1):
    """A finished use of so many ares."""
    start = MONDAY - timedelta(days=days_ago)
    with write_transaction(session):
        span = TimeSpan(start, start + timedelta(hours=2))
        reported = UnreservedUse(machine_id, member_id, span, Measurement(amount=ares), allow_overlap=True)
        return usage.record_usage(session, reported, by=SOMEBODY, now=MONDAY).slip.id


def charge(session, usage_id):
    with write_transaction(session):
        made = charge_for(session, usage_id, by=SOMEBODY, now=MONDAY)
        return None if made is None else made.id


def prices_of(session, tariff_id):
    rows = session.scalars(select(TariffPrice).where(TariffPrice.tariff_id == tariff_id))
    return {row.price_class: row.price for row in rows}


def rows_of(session, usage_id):
    rows = session.scalars(select(Charge).where(Charge.usage_id == usage_id).order_by(Charge.number))
    return [(row.number, row.cents, row.reverses_id is not None) for row in rows]


def test_a_use_is_charged_by_the_tariff_of_its_day(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_250)

    made = session.get(Charge, charge(session, slip))

    assert (made.cents, made.charged_amount, made.member_id) == (143_750, 1_250, sample_ring.anna)
    assert made.calculation["unit_price"] == "115.0000"


def test_charging_twice_charges_once(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_250)

    assert charge(session, slip) == charge(session, slip)
    assert len(rows_of(session, slip)) == 1


def test_the_hand_back_is_priced_by_the_worker_once(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)

    for expected in (1, 0):
        with write_transaction(session):
            assert deliver(session, subscribers.SUBSCRIPTIONS[0], now=MONDAY) == expected
    assert rows_of(session, slip) == [(1, 115_000, False)]


def test_a_corrected_slip_is_reversed_and_charged_again(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    charge(session, slip)
    with write_transaction(session):
        objections.object_to(session, slip, "It was nine hectares.", by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        objections.answer(session, slip, "So it was.", corrected_amount=900, by=SOMEBODY, now=MONDAY)

    charge(session, slip)

    assert rows_of(session, slip) == [(1, 115_000, False), (2, -115_000, True), (3, 103_500, False)]
    (month,) = machine_months(session, sample_ring.anna, (date(2026, 1, 1), date(2026, 12, 31)))
    assert (month.machine_id, month.count, month.cents) == (sample_ring.combine, 3, 103_500)


def test_a_slip_without_a_tariff_waits_for_one(session, sample_ring):
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    assert charge(session, slip) is None
    assert session.get(Unpriced, slip) is not None

    tariff(session, sample_ring.combine)

    assert session.get(Unpriced, slip) is None
    assert rows_of(session, slip) == [(1, 115_000, False)]


def test_a_use_counted_in_another_unit_than_the_tariffs_waits_for_a_tariff_in_its_own(session, sample_ring):
    tariff(session, sample_ring.combine)  # per hectare
    in_hectares = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(charge_unit="engine_hour"))
    in_hours = use(session, sample_ring.combine, sample_ring.anna, 3_600)

    assert charge(session, in_hours) is None
    assert session.get(Unpriced, in_hours) is not None

    tariff(
        session,
        sample_ring.combine,
        TariffEntry(date(2026, 11, 1), prices={"member": Decimal(90), "guest": Decimal(110)}),
    )

    assert rows_of(session, in_hours) == [(1, 9_000, False)]
    assert charge(session, in_hectares) is None


def test_a_charge_stays_when_the_tariff_of_its_day_counts_in_another_unit_by_now(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    charged = charge(session, slip)
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(charge_unit="engine_hour"))
    per_hour = TariffEntry(date(2026, 11, 1), prices={"member": Decimal(90), "guest": Decimal(110)})
    tariff(session, sample_ring.combine, per_hour, reprice=True)

    assert charge(session, slip) == charged
    assert rows_of(session, slip) == [(1, 115_000, False)]


def test_a_machine_that_is_still_out_has_no_price(session, sample_ring):
    reserved = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0.5, 3), now=MONDAY)
    with write_transaction(session):
        slip = usage.hand_out(session, reserved.id, Measurement(), by=SOMEBODY, now=MONDAY).id

    with pytest.raises(NotHandedBack):
        charge(session, slip)


def test_a_new_tariff_ends_the_one_before_on_its_first_day(session, sample_ring):
    tariff(session, sample_ring.combine)
    dearer = TariffEntry(date(2026, 11, 22), prices={"member": Decimal(120), "guest": Decimal(140)})
    tariff(session, sample_ring.combine, dearer)

    before = use(session, sample_ring.combine, sample_ring.anna, 100, days_ago=2)
    after = use(session, sample_ring.combine, sample_ring.anna, 100, days_ago=1)
    charge(session, before), charge(session, after)

    assert (rows_of(session, before), rows_of(session, after)) == ([(1, 11_500, False)], [(1, 12_000, False)])


def test_a_tariff_that_priced_a_use_is_corrected_by_a_new_version(session, sample_ring):
    first = tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    charge(session, slip)
    corrected = TariffEntry(YEAR_2026.valid_from, prices={"member": Decimal(110), "guest": Decimal(138)})

    with pytest.raises(TariffInUse), write_transaction(session):
        change_tariff(session, first, corrected, by=SOMEBODY, now=MONDAY)
    with pytest.raises(TariffInUse) as refusal:
        tariff(session, sample_ring.combine, corrected)
    assert refusal.value.facts == {"charges": 1}

    tariff(session, sample_ring.combine, corrected, reprice=True)
    assert rows_of(session, slip) == [(1, 115_000, False), (2, -115_000, True), (3, 110_000, False)]


def test_an_unused_tariff_can_be_changed_and_withdrawn(session, sample_ring):
    entered = tariff(session, sample_ring.combine)
    cheaper = TariffEntry(date(2026, 2, 1), prices={"member": Decimal("99.5"), "guest": Decimal("99.5")})
    with write_transaction(session):
        change_tariff(session, entered, cheaper, by=SOMEBODY, now=MONDAY, revision=0)
    assert prices_of(session, entered) == {"member": Decimal("99.5"), "guest": Decimal("99.5")}

    with pytest.raises(StaleRevision), write_transaction(session):
        withdraw_tariff(session, entered, by=SOMEBODY, now=MONDAY, revision=0)
    with write_transaction(session):
        withdraw_tariff(session, entered, by=SOMEBODY, now=MONDAY, revision=1)
    assert session.scalars(select(Tariff)).all() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"prices": {"member": Decimal("-0.01")}},
        {"prices": {"member": Decimal(1), "guest": Decimal("1000000.01")}},
        {"prices": {"member": Decimal("0.00001")}},
        {"step_amount": 0},
        {"minimum_amount": -1},
        {"minimum_cents": 10**12},
    ],
    ids=str,
)
def test_impossible_amounts_are_refused(session, sample_ring, changes):
    values = {"prices": {"member": Decimal(1)}, **changes}
    with pytest.raises(WrongAmount):
        tariff(session, sample_ring.combine, TariffEntry(date(2026, 1, 1), **values))


@pytest.mark.parametrize("verb", [update(Charge).values(cents=1), delete(Charge)], ids=["update", "delete"])
def test_the_database_keeps_a_charge_as_it_is(session, sample_ring, verb):
    tariff(session, sample_ring.combine)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 1_000))

    with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
        session.execute(verb)


def test_the_database_keeps_a_tariff_that_priced_a_use(session, sample_ring):
    tariff(session, sample_ring.combine)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 1_000))

    with pytest.raises(DatabaseError, match="billing_tariff_kept"), write_transaction(session):
        session.execute(update(Tariff).values(minimum_cents=1))


def test_the_database_keeps_one_price_per_slip(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    made = session.get(Charge, charge(session, slip))

    second = {column.key: getattr(made, column.key) for column in Charge.__table__.columns if column.key != "id"}
    with (
        pytest.raises(DatabaseError, match=r"billing_charge_usage_id|billing_charge is append-only"),
        write_transaction(session),
    ):
        session.execute(insert(Charge).values(second))


def test_the_events_of_a_charge_and_its_reversal_carry_the_day_of_service(session, sample_ring):
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    charge(session, slip)
    tariff(session, sample_ring.combine, reprice=True)

    charged = select(RecordedEvent.facts).where(RecordedEvent.type == "use_charged").order_by(RecordedEvent.id)
    facts = session.scalars(charged).all()
    assert [(each["cents"], each["reverses_id"]) for each in facts] == [(115_000, None), (-115_000, 1), (115_000, None)]
    assert {each["service_date"] for each in facts} == {"2026-11-22"}
