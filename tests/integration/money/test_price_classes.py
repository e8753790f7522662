"""Prices by class: a class without a price stays unpriced, and what priced a use is final."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Event

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.extensions import db
from billing import queries as billing_queries
from billing.charges.charges import charge_for
from billing.exports.books import tariff_table
from billing.models import Charge, TariffPrice, Unpriced
from billing.tariffs.tariffs import TariffEntry, change_tariff, enter_tariff, withdraw_tariff
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, enter_member
from booking.models import Member, PriceClass
from booking.queries import price_classes
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, prices_of, rows_of, tariff, use

YEAR = date(2026, 1, 1)
MEMBERS_ONLY = TariffEntry(YEAR, {"member": Decimal(100)})
BOTH = TariffEntry(YEAR, {"member": Decimal(100), "guest": Decimal(120)})
CHANGES = [
    update(TariffPrice).values(price=1),
    delete(TariffPrice),
    insert(TariffPrice).values(tariff_id=1, price_class="guest", price=1),
]


@pytest.fixture
def guest(session, sample_ring):
    return member(session, "Gerd", price_class="guest")


@pytest.fixture
def youth(session):
    """A third class, after the two that the migration entered."""
    with write_transaction(session):
        session.add(PriceClass(code="youth", name_de="Jugend", name_en="youth", sort_order=3))
    return "youth"


def test_the_migration_enters_members_and_guests(session):
    assert [(each.code, each.name_de, each.name_en) for each in price_classes(session)] == [
        ("member", "Mitglied", "member"),
        ("guest", "Gast", "guest"),
    ]


def test_each_class_pays_its_own_price(session, sample_ring, guest):
    tariff(session, sample_ring.combine, BOTH)
    slips = [use(session, sample_ring.combine, member_id, 100) for member_id in (sample_ring.anna, guest)]
    charges = [session.get(Charge, charge(session, slip)) for slip in slips]

    assert [(made.price_class, made.cents) for made in charges] == [("member", 10_000), ("guest", 12_000)]


def test_a_class_without_a_price_waits_for_one(session, sample_ring, guest):
    tariff(session, sample_ring.combine, MEMBERS_ONLY)
    slip = use(session, sample_ring.combine, guest, 100)

    assert charge(session, slip) is None
    assert session.get(Unpriced, slip) is not None

    tariff(session, sample_ring.combine, BOTH)
    assert session.get(Unpriced, slip) is None
    assert rows_of(session, slip) == [(1, 12_000, False)]


def test_a_charge_stays_when_a_new_version_has_no_price_for_its_class(session, sample_ring, guest):
    tariff(session, sample_ring.combine, BOTH)
    slip = use(session, sample_ring.combine, guest, 100)
    charge(session, slip)

    tariff(session, sample_ring.combine, MEMBERS_ONLY, reprice=True)

    assert rows_of(session, slip) == [(1, 12_000, False)]


def test_a_tariff_needs_a_price(session, sample_ring):
    with pytest.raises(ValueError, match="without a price"):
        tariff(session, sample_ring.combine, TariffEntry(YEAR, {}))


def test_the_prices_of_an_unused_tariff_are_replaced_and_withdrawn(session, sample_ring):
    entered = tariff(session, sample_ring.combine, BOTH)

    with write_transaction(session):
        change_tariff(session, entered, TariffEntry(YEAR, {"guest": Decimal(7)}), by=SOMEBODY, now=MONDAY)
    assert prices_of(session, entered) == {"guest": Decimal(7)}

    with write_transaction(session):
        withdraw_tariff(session, entered, by=SOMEBODY, now=MONDAY)
    assert session.scalars(select(TariffPrice)).all() == []


@pytest.mark.parametrize("change", CHANGES, ids=["update", "delete", "insert"])
def test_the_database_keeps_the_prices_of_a_tariff_that_priced_a_use(session, sample_ring, change):
    entered = tariff(session, sample_ring.combine, MEMBERS_ONLY)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))

    with pytest.raises(DatabaseError, match=r"billing_tariff_price_(kept|final)"), write_transaction(session):
        session.execute(change)
    assert prices_of(session, entered) == {"member": Decimal(100)}


@pytest.mark.of_sqlite
def test_sqlite_does_not_replace_a_price_that_priced_a_use(session, sample_ring):
    tariff(session, sample_ring.combine, MEMBERS_ONLY)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))

    with pytest.raises(DatabaseError, match="billing_tariff_price_final"), write_transaction(session):
        session.execute(text("INSERT OR REPLACE INTO billing_tariff_price VALUES (1, 'member', 1)"))


def test_no_price_moves_to_a_tariff_that_priced_a_use(session, sample_ring):
    tariff(session, sample_ring.combine, MEMBERS_ONLY)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))
    unused = tariff(session, sample_ring.splitter, TariffEntry(YEAR, {"guest": Decimal(1)}))

    with pytest.raises(DatabaseError, match="billing_tariff_price_final"), write_transaction(session):
        session.execute(update(TariffPrice).where(TariffPrice.tariff_id == unused).values(tariff_id=1))


def test_a_use_that_is_priced_while_its_tariff_changes_gets_the_new_price(app, session, sample_ring):
    """The change holds the tariff: pricing waits for it, and reads the new price."""
    entered = tariff(session, sample_ring.combine, BOTH)
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    has_changed, dearer = Event(), TariffEntry(YEAR, {"member": Decimal(150), "guest": Decimal(150)})

    def pricing():
        has_changed.wait(10)
        with app.app_context():
            try:
                with write_transaction(db.session()):
                    return charge_for(db.session(), slip, by=SOMEBODY, now=MONDAY).cents
            finally:
                db.session.remove()

    with ThreadPoolExecutor() as threads:
        priced = threads.submit(pricing)
        with write_transaction(session):
            change_tariff(session, entered, dearer, by=SOMEBODY, now=MONDAY)
            has_changed.set()
            Event().wait(0.3)
        assert priced.result(timeout=20) == 15_000


def test_a_member_has_a_class_that_exists(session, sample_ring, youth):
    with write_transaction(session):
        enter_member(session, MemberInput("M-7", "Jana", price_class=youth), by=SOMEBODY, now=MONDAY)

    with pytest.raises(RecordRefused) as refusal, write_transaction(session):
        enter_member(session, MemberInput("M-8", "Jens", price_class="friend"), by=SOMEBODY, now=MONDAY)
    assert [(wrong.rule, wrong.field) for wrong in refusal.value.violations] == [("missing", "price_class")]
    with pytest.raises(IntegrityError), write_transaction(session):
        session.execute(update(Member).values(price_class="friend"))


def test_views_and_files_have_a_price_for_each_class(session, sample_ring, youth):
    tariff(session, sample_ring.combine, BOTH)
    on = date(2026, 5, 1)

    assert billing_queries.tariffs_on(session, on)[sample_ring.combine].prices == BOTH.prices
    table = tariff_table(session, on)
    assert [column.code for column in table.columns][3:6] == ["member_price", "guest_price", "youth_price"]
    assert next(table.rows)[3:6] == (Decimal(100), Decimal(120), None)


def test_an_unknown_class_has_no_price(session, sample_ring):
    with pytest.raises(IntegrityError), write_transaction(session):
        enter_tariff(session, sample_ring.combine, TariffEntry(YEAR, {"friend": Decimal(1)}), by=SOMEBODY, now=MONDAY)
