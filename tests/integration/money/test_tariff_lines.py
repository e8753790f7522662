"""Tariffs with tiers, further amounts, surcharges and limits: entered, guarded, and what a slip then costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from billing import queries
from billing.audits import broken_charges
from billing.errors.money_errors import SameName, TierClasses, TierGap, TiersOverlap, WrongAmount
from billing.models import Charge, TariffAdjustment, TariffLine, TariffTier
from billing.prices.price_windows import PriceWindow
from billing.prices.pricing import PriceCalculation
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, MainEntry, TariffParts, TierEntry
from billing.tariffs.price_comparison import PriceComparison
from billing.tariffs.tariffs import TariffEntry, change_tariff, withdraw_tariff
from booking.kernel.transaction import write_transaction
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, rows_of, tariff, use

HOUR = 3_600


def prices(member, guest=None):
    return {"member": Decimal(member), "guest": Decimal(guest or member)}


NIGHT = AdjustmentEntry("Night", "percent", Decimal(50), "times", PriceWindow(31, 22 * 60, 6 * 60, 1201, 228))
ALL_PARTS = TariffParts(
    MainEntry("Threshing", (TierEntry(5_000, prices("100", "120")),), is_volume=True, free_amount=100),
    (
        LineEntry("Days", "day", prices("25"), step_amount=86_400),
        LineEntry(
            "Travel", "km", prices("1.10"), (TierEntry(50_000, prices("0.90")),), free_amount=2_000, free_times=2
        ),
    ),
    (NIGHT, AdjustmentEntry("With operator", "per_unit", Decimal("32.5"), "chosen")),
)


ASKS_TRAVEL = TariffParts(lines=(LineEntry("Travel", "km", prices("1"), is_required=True),))


def entry(parts, day=date(2026, 1, 1), base="115", **changes):
    return TariffEntry(day, prices(base, "138"), parts=parts, **changes)


def timed_use(session, machine_id, member_id, start, length):
    """A finished use of so many hours from an instant on."""
    with write_transaction(session):
        reported = UnreservedUse(
            machine_id,
            member_id,
            TimeSpan(start, start + timedelta(hours=length)),
            Measurement(amount=length * HOUR),
            allow_overlap=True,
        )
        return usage.record_usage(session, reported, by=SOMEBODY, now=MONDAY + timedelta(days=40)).slip.id


def test_all_parts_are_stored_and_read_back(session, sample_ring):
    tariff_id = tariff(session, sample_ring.combine, entry(ALL_PARTS, cap_day_cents=90_000))

    stored = queries.tariff(session, tariff_id)

    assert stored.parts == ALL_PARTS
    assert (stored.has_parts, stored.cap_day_cents) == (True, 90_000)
    with write_transaction(session):
        change_tariff(session, tariff_id, entry(TariffParts()), by=SOMEBODY, now=MONDAY)
    assert not queries.tariff(session, tariff_id).parts
    with write_transaction(session):
        change_tariff(session, tariff_id, entry(ALL_PARTS), by=SOMEBODY, now=MONDAY)
        withdraw_tariff(session, tariff_id, by=SOMEBODY, now=MONDAY)
    assert not session.scalars(select(TariffLine)).all()


def test_a_slip_is_charged_by_tiers_and_says_how(session, sample_ring):
    tiers = TariffParts(MainEntry("", (TierEntry(5_000, prices("100")), TierEntry(1_000, prices("110")))))
    tariff(session, sample_ring.combine, entry(tiers))
    slip = use(session, sample_ring.combine, sample_ring.anna, 6_000)

    made = session.get(Charge, charge(session, slip))

    assert made.cents == 10 * 11_500 + 40 * 11_000 + 10 * 10_000
    assert made.charged_amount == 6_000
    calculation = PriceCalculation.from_json(made.calculation)
    assert [(part.amount, part.unit_price) for part in calculation.lines[0].parts] == [
        (1_000, Decimal(115)),
        (4_000, Decimal(110)),
        (1_000, Decimal(100)),
    ]
    assert charge(session, slip) == made.id
    assert not list(broken_charges(session))


def test_the_audit_finds_a_charge_that_differs_from_its_lines(session, sample_ring):
    tariff(session, sample_ring.combine, entry(TariffParts(MainEntry(free_amount=100))))
    made = session.get(Charge, charge(session, use(session, sample_ring.combine, sample_ring.anna, 600)))
    row = {column.name: getattr(made, column.name) for column in Charge.__table__.columns if column.name != "id"}
    other = use(session, sample_ring.combine, sample_ring.anna, 700)
    with write_transaction(session):
        session.execute(insert(Charge).values(row | {"usage_id": other, "cents": made.cents + 1}))

    assert [finding.code for finding in broken_charges(session) if finding.code == "calculation"] == ["calculation"]


def test_the_cap_of_a_day_counts_all_uses_of_the_member_on_it(session, sample_ring):
    tariff(session, sample_ring.splitter, entry(TariffParts(), base="10", cap_day_cents=3_000))
    morning = MONDAY.replace(hour=6)
    first = timed_use(session, sample_ring.splitter, sample_ring.anna, morning, 2)
    second = timed_use(session, sample_ring.splitter, sample_ring.anna, morning + timedelta(hours=4), 2)
    others = timed_use(session, sample_ring.splitter, sample_ring.bernd, morning, 2)
    for slip in (first, second, others):
        charge(session, slip)
    assert [rows_of(session, slip)[-1][1] for slip in (first, second, others)] == [2_000, 1_000, 2_000]


@pytest.mark.parametrize("in_order", [True, False])
def test_the_order_of_pricing_changes_no_price(session, sample_ring, in_order):
    """What is free in a month goes to the earlier use; a correction of it changes the price of the later one."""
    parts = TariffParts(MainEntry(month_free_amount=3 * HOUR))
    tariff(session, sample_ring.splitter, entry(parts, base="10"))
    first = timed_use(session, sample_ring.splitter, sample_ring.anna, MONDAY, 2)
    second = timed_use(session, sample_ring.splitter, sample_ring.anna, MONDAY + timedelta(days=1), 2)
    for slip in (first, second) if in_order else (second, first):
        charge(session, slip)

    assert [rows_of(session, slip)[-1][1] for slip in (first, second)] == [0, 1_000]
    with write_transaction(session):
        objections.object_to(session, first, "It was one hour", by=SOMEBODY, now=MONDAY + timedelta(days=2))
        answered = {"by": SOMEBODY, "now": MONDAY + timedelta(days=3), "corrected_amount": HOUR}
        objections.answer(session, first, "Right", **answered)
    charge(session, first)
    assert [rows_of(session, slip)[-1][1] for slip in (first, second)] == [0, 0]
    assert sum(cents for _number, cents, _is in rows_of(session, second)) == 0


def test_what_is_free_of_each_use_takes_nothing_of_what_is_free_in_a_month(session, sample_ring):
    """Of each use an hour is free, and two in a month: of two, two and three hours only the last is paid for, twice."""
    parts = TariffParts(MainEntry(free_amount=HOUR, month_free_amount=2 * HOUR))
    tariff(session, sample_ring.splitter, entry(parts, base="10"))
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    uses = [
        timed_use(session, sample_ring.splitter, sample_ring.anna, day, n)
        for day, n in zip(days, (2, 2, 3), strict=True)
    ]
    for slip in (*uses, uses[0]):
        charge(session, slip)

    assert [rows_of(session, slip)[-1][1] for slip in uses] == [0, 0, 2_000]


def test_the_part_of_a_use_in_the_night_costs_more(session, sample_ring):
    night = AdjustmentEntry("Night", "percent", Decimal(50), "times", PriceWindow(127, 22 * 60, 6 * 60))
    tariff(session, sample_ring.splitter, entry(TariffParts(adjustments=(night,)), base="10"))
    at_nine = MONDAY.replace(hour=20, minute=0)  # 21:00 in Berlin
    slip = timed_use(session, sample_ring.splitter, sample_ring.anna, at_nine, 4)

    made = session.get(Charge, charge(session, slip))

    assert made.cents == 4_000 + 1_500


def test_a_required_amount_that_is_missing_leaves_the_slip_without_a_price(session, sample_ring):
    tariff(session, sample_ring.combine, entry(ASKS_TRAVEL))

    assert charge(session, use(session, sample_ring.combine, sample_ring.anna, 600)) is None
    assert queries.unpriced_count(session) == 1


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_a_slip_that_waits_gets_the_price_of_the_tariff_before_one_that_goes(session, sample_ring, is_withdrawn):
    tariff(session, sample_ring.combine, entry(TariffParts()))
    asking = tariff(session, sample_ring.combine, entry(ASKS_TRAVEL, date(2026, 6, 1)))
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    assert charge(session, slip) is None

    with write_transaction(session):
        if is_withdrawn:
            withdraw_tariff(session, asking, by=SOMEBODY, now=MONDAY)
        else:
            later = entry(ASKS_TRAVEL, MONDAY.date())
            change_tariff(session, asking, later, by=SOMEBODY, now=MONDAY)

    assert rows_of(session, slip) == [(1, 11_500, False)]
    assert queries.unpriced_count(session) == 0


def test_slips_that_wait_are_priced_in_the_order_of_their_days(session, sample_ring):
    days = (MONDAY + timedelta(days=1), MONDAY)
    later, earlier = (timed_use(session, sample_ring.splitter, sample_ring.anna, day, 2) for day in days)
    for slip in (later, earlier):
        assert charge(session, slip) is None

    tariff(session, sample_ring.splitter, entry(TariffParts(MainEntry(month_free_amount=3 * HOUR)), base="10"))

    assert rows_of(session, earlier) == [(1, 0, False)]
    assert rows_of(session, later) == [(1, 1_000, False)]  # no reversal


def test_a_corrected_slip_keeps_no_price_of_the_amount_that_was_wrong(session, sample_ring):
    tariff(session, sample_ring.combine, entry(TariffParts()))
    slip = use(session, sample_ring.combine, sample_ring.anna, 500)
    charge(session, slip)
    tariff(session, sample_ring.combine, entry(ASKS_TRAVEL), reprice=True)
    assert rows_of(session, slip) == [(1, 57_500, False)]  # the new version cannot price it
    with write_transaction(session):
        objections.object_to(session, slip, "It was 3 ha", by=SOMEBODY, now=MONDAY)
        objections.answer(session, slip, "Right", by=SOMEBODY, now=MONDAY, corrected_amount=300)

    assert charge(session, slip) is None

    assert rows_of(session, slip) == [(1, 57_500, False), (2, -57_500, True)]
    assert queries.unpriced_count(session) == 1
    tariff(session, sample_ring.combine, entry(TariffParts()))
    assert rows_of(session, slip)[-1] == (3, 34_500, False)


@pytest.mark.of_sqlite
def test_a_use_of_nothing_with_a_variant_is_not_reversed(session, sample_ring):
    chosen = AdjustmentEntry("With operator", "per_unit", Decimal("32.5"), "chosen")
    tariff(session, sample_ring.combine, entry(TariffParts(adjustments=(chosen,))))
    span, nothing = TimeSpan(MONDAY - timedelta(hours=2), MONDAY), Measurement(amount=0, choices=(chosen.name,))
    with write_transaction(session):
        unused = UnreservedUse(sample_ring.combine, sample_ring.anna, span, nothing)
        slip = usage.record_usage(session, unused, by=SOMEBODY, now=MONDAY).slip.id
    charge(session, slip)
    tariff(session, sample_ring.combine, entry(ASKS_TRAVEL), reprice=True)

    charge(session, slip)

    assert rows_of(session, slip) == [(1, 0, False)]


def test_what_is_known_only_afterwards_counts_where_two_times_are_compared(session, sample_ring):
    def travel(price):
        return TariffParts(lines=(LineEntry("Travel", "km", prices(price)),))

    tariff(session, sample_ring.splitter, entry(travel("1"), base="10"))
    tariff(session, sample_ring.splitter, entry(travel("2"), date(2026, 12, 1), base="10"))
    today, tomorrow, in_december = (
        Wish(sample_ring.splitter, sample_ring.anna, TimeSpan(start, start + timedelta(hours=2)))
        for start in (MONDAY, MONDAY + timedelta(days=1), MONDAY + timedelta(days=14))
    )
    is_dearer = PriceComparison(session)

    assert not is_dearer(today, tomorrow)
    assert is_dearer(today, in_december)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (MainEntry(tiers=(TierEntry(0, prices("1")),)), TiersOverlap),
        (MainEntry(tiers=(TierEntry(5, prices("1")), TierEntry(5, prices("2")))), TiersOverlap),
        (MainEntry(tiers=(TierEntry(5, prices("1"), 9), TierEntry(7, prices("2")))), TiersOverlap),
        (MainEntry(tiers=(TierEntry(5, prices("1"), 7), TierEntry(9, prices("2")))), TierGap),
        (MainEntry(tiers=(TierEntry(5, prices("1"), 9),)), TierGap),
        (MainEntry(tiers=(TierEntry(5, {"member": Decimal(1)}),)), TierClasses),
        (MainEntry(tiers=(TierEntry(-5, prices("1")),)), WrongAmount),
        (MainEntry(tiers=(TierEntry(5, prices("-1")),)), WrongAmount),
        (MainEntry(free_amount=-1), WrongAmount),
    ],
)
def test_tiers_that_overlap_leave_gaps_or_are_negative_are_refused(session, sample_ring, parts, error):
    with pytest.raises(error):
        tariff(session, sample_ring.combine, entry(TariffParts(parts)))
    assert not queries.tariff_history(session, sample_ring.combine)


def test_two_amounts_of_one_name_are_refused(session, sample_ring):
    line = LineEntry("Travel", "km", prices("1"))
    with pytest.raises(SameName):
        tariff(session, sample_ring.combine, entry(TariffParts(lines=(line, line))))
    with pytest.raises(WrongAmount):
        tariff(session, sample_ring.combine, entry(TariffParts(), cap_day_cents=0))
    free = AdjustmentEntry("Free", "percent", Decimal(-101))
    with pytest.raises(WrongAmount):
        tariff(session, sample_ring.combine, entry(TariffParts(adjustments=(free,))))


def test_the_database_keeps_the_parts_of_a_tariff_that_priced_a_use(session, sample_ring):
    tariff_id = tariff(session, sample_ring.combine, entry(ALL_PARTS))
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 600))
    new = {"tariff_id": tariff_id, "name": "x", "kind": "fixed", "value": 1, "applies": "always", "number": 9}
    for statement in (
        update(TariffLine).values(free_amount=0),
        delete(TariffTier),
        update(TariffTier).values(price=0),
        insert(TariffTier).values(tariff_id=tariff_id, position=0, price_class="member", from_amount=9, price=1),
        delete(TariffAdjustment),
        insert(TariffAdjustment).values(new),
    ):
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(statement)
    assert queries.tariff(session, tariff_id).parts == ALL_PARTS


def test_a_tier_cannot_begin_twice_even_in_the_database(session, sample_ring):
    tariff_id = tariff(session, sample_ring.combine, entry(ALL_PARTS))
    same = {"tariff_id": tariff_id, "position": 0, "price_class": "member", "price": 1}
    for from_amount in (5_000, 0, -1):
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(insert(TariffTier).values(same | {"from_amount": from_amount}))
