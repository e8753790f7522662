"""The class of the day of service prices a use, whatever the record of the member says by now."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from app.imports import import_table, read
from billing import subscribers
from billing.exports.slips import SLIP_COLUMNS, slip_table
from billing.models import Charge, Unpriced
from billing.tariffs.tariffs import TariffEntry
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.deliveries import deliver
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, change_member
from booking.models import Member, UsageRecord, Workshop
from booking.queries import PriceClassSpan, price_class_history
from booking.records.price_classes import price_class_on
from booking.use import objections
from booking.use.slip_classes import correct_slips
from tests.builders import SOMEBODY, machine, member
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, rows_of, tariff, use

TODAY = date(2026, 11, 23)
PER_CUBIC_METRE = TariffEntry(date(2026, 1, 1), {"member": Decimal("2.80"), "guest": Decimal("3.20")})
CLASS, PRICE = (
    next(i for i, each in enumerate(SLIP_COLUMNS) if each.code == code) for code in ("price_class", "amount")
)


@pytest.fixture
def tank(session, sample_ring):
    """A slurry tanker, charged by cubic metres."""
    return machine(session, sample_ring.hall, "tank", charge_unit="m3")


@pytest.fixture
def guest(session, sample_ring):
    return member(session, "Gerd", price_class="guest")


def change_class(session, member_id, price_class, since=None, *, now=MONDAY):
    with write_transaction(session):
        record = MemberInput.of(session.get(Member, member_id))
        values = {name: getattr(record, name) for name in record.__slots__} | {"price_class": price_class}
        change_member(session, member_id, MemberInput(**values), by=SOMEBODY, now=now, class_from=since)


def price_again(session):
    """What the worker does within a minute."""
    has_more = True
    while has_more:
        with write_transaction(session):
            has_more = deliver(session, subscribers.SUBSCRIPTIONS[0], now=MONDAY) > 0


def correct_amount(session, slip, amount):
    with write_transaction(session):
        objections.object_to(session, slip, "It was less.", by=SOMEBODY, now=MONDAY)
        objections.answer(session, slip, "So it was.", corrected_amount=amount, by=SOMEBODY, now=MONDAY)


def test_a_guests_slip_is_priced_again_at_the_price_of_a_guest_although_he_is_a_member_by_now(session, tank, guest):
    tariff(session, tank, PER_CUBIC_METRE)
    slip = use(session, tank, guest, 140_000)
    charge(session, slip)
    change_class(session, guest, "member")
    correct_amount(session, slip, 133_000)
    charge(session, slip)

    assert rows_of(session, slip) == [(1, 44_800, False), (2, -44_800, True), (3, 42_560, False)]
    (row,) = slip_table(session, TODAY - timedelta(days=9), TODAY).rows
    assert (row[CLASS], row[PRICE]) == ("guest", 42_560)


def test_a_slip_whose_corrected_class_has_no_price_is_charged_nothing_until_there_is_one(session, tank, guest):
    tariff(session, tank, TariffEntry(date(2026, 1, 1), {"guest": Decimal("3.20")}))
    slip = use(session, tank, guest, 140_000)
    charge(session, slip)
    change_class(session, guest, "member", date(2026, 1, 1))
    with write_transaction(session):
        assert correct_slips(session, guest, date(2026, 1, 1), by=SOMEBODY, now=MONDAY) == 1
    price_again(session)

    assert rows_of(session, slip) == [(1, 44_800, False), (2, -44_800, True)]
    assert session.scalars(select(Unpriced.usage_id)).all() == [slip]

    tariff(session, tank, PER_CUBIC_METRE)
    assert rows_of(session, slip)[2:] == [(3, 39_200, False)]
    assert session.scalars(select(Unpriced.usage_id)).all() == []


def test_a_tariff_that_comes_later_prices_by_the_class_of_the_day(session, tank, guest):
    slip = use(session, tank, guest, 133_000)
    assert charge(session, slip) is None
    change_class(session, guest, "member")

    tariff(session, tank, PER_CUBIC_METRE)

    assert rows_of(session, slip) == [(1, 42_560, False)]


def test_a_use_that_is_entered_late_has_the_class_of_its_day(session, tank, guest):
    change_class(session, guest, "member")
    before, on_the_day = (use(session, tank, guest, 1_000, days_ago=days) for days in (1, 0.125))

    classes = [session.get(UsageRecord, slip).price_class for slip in (before, on_the_day)]

    assert classes == ["guest", "member"]


def test_a_new_class_holds_from_its_day_until_the_next_one(session, guest):
    change_class(session, guest, "member", date(2026, 7, 1))
    change_class(session, guest, "guest", date(2027, 1, 1))

    days = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [price_class_on(session, guest, day) for day in days] == ["guest", "member", "member", "guest"]
    assert price_class_history(session, guest) == (
        PriceClassSpan("guest", None, date(2026, 6, 30)),
        PriceClassSpan("member", date(2026, 7, 1), date(2026, 12, 31)),
        PriceClassSpan("guest", date(2027, 1, 1), None),
    )


def test_a_class_from_an_earlier_day_replaces_the_later_ones(session, guest):
    change_class(session, guest, "member", date(2026, 7, 1))
    change_class(session, guest, "member", date(2026, 3, 1))
    assert price_class_history(session, guest)[0] == PriceClassSpan("guest", None, date(2026, 2, 28))

    change_class(session, guest, "guest", date(2026, 2, 1))
    assert price_class_history(session, guest) == (PriceClassSpan("guest", None, None),)


@pytest.mark.parametrize("day", [date(207, 1, 1), date(2206, 7, 1)])
def test_a_class_does_not_begin_in_a_year_that_is_a_slip_of_the_pen(session, guest, day):
    with pytest.raises(RecordRefused) as refusal:
        change_class(session, guest, "member", day)

    assert [(wrong.rule, wrong.field) for wrong in refusal.value.violations] == [("class_day", "class_from")]


def test_an_import_changes_the_class_from_today_on(session, guest):
    table = read("members", b"Nummer;Name;Preisklasse\nM-Gerd;Gerd;Mitglied\n")
    assert import_table(session, "members", table, by=SOMEBODY, now=MONDAY).is_clean()

    assert [price_class_on(session, guest, TODAY + timedelta(days=days)) for days in (-1, 0)] == ["guest", "member"]


def test_slips_of_days_that_are_over_are_corrected_only_on_purpose(session, tank, guest):
    tariff(session, tank, PER_CUBIC_METRE)
    before, since = use(session, tank, guest, 1_000, days_ago=3), use(session, tank, guest, 1_000, days_ago=1)
    charge(session, before), charge(session, since)
    change_class(session, guest, "member", date(2026, 11, 22))
    charge(session, since)
    assert rows_of(session, since) == [(1, 320, False)]

    with write_transaction(session):
        assert correct_slips(session, guest, date(2026, 11, 1), by=SOMEBODY, now=MONDAY) == 1
    price_again(session)

    assert rows_of(session, since) == [(1, 320, False), (2, -320, True), (3, 280, False)]
    assert rows_of(session, before) == [(1, 320, False)]
    charged = session.scalars(select(Charge.price_class).where(Charge.usage_id == since).order_by(Charge.number)).all()
    assert charged == ["guest", "guest", "member"]


def test_another_time_zone_of_the_workshop_leaves_the_days_of_its_slips(session, sample_ring):
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    with write_transaction(session):
        session.execute(update(Workshop).values(timezone="Pacific/Kiritimati"))

    assert session.get(UsageRecord, slip).service_date == date(2026, 11, 22)


@pytest.mark.parametrize("facts", [{"price_class": None}, {"price_class": "friend"}, {"service_date": None}], ids=str)
def test_the_database_refuses_a_slip_without_what_its_price_depends_on(session, sample_ring, facts):
    use(session, sample_ring.combine, sample_ring.anna, 100)

    with pytest.raises(DatabaseError, match="booking_usage_price_facts"), write_transaction(session):
        session.execute(update(UsageRecord).values(**facts))
