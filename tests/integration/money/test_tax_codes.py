"""Tariffs, charges and costs carry a tax code; none means "as entered"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from billing.errors.money_errors import WrongText
from billing.models import Charge, Cost, Tariff
from billing.pools.costs import CostEntry, change_cost, enter_cost
from billing.pools.pools import enter_pool
from billing.tariffs.tariffs import change_tariff
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_charges import YEAR_2026, charge, tariff, use

BILL = CostEntry(date(2026, 6, 3), "Huber", "repair", 10_001)


@pytest.fixture
def pool(session, sample_ring):
    return do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})


def test_without_a_tax_code_amounts_are_as_entered(session, sample_ring, pool):
    tariff(session, sample_ring.combine)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))
    do(session, enter_cost, pool, BILL)

    assert [session.scalars(select(model.tax_code)).all() for model in (Tariff, Charge, Cost)] == [[None]] * 3


def test_a_charge_and_its_reversal_carry_the_code_of_their_tariff(session, sample_ring):
    tariff(session, sample_ring.combine, replace(YEAR_2026, tax_code="standard"))
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))
    tariff(session, sample_ring.combine, replace(YEAR_2026, tax_code="reduced"), reprice=True)

    codes = session.execute(select(Charge.cents, Charge.tax_code).order_by(Charge.number)).all()
    assert codes == [(11_500, "standard"), (-11_500, "standard"), (11_500, "reduced")]


def test_a_correction_has_its_own_tax_code_and_a_bill_keeps_it(session, sample_ring, pool):
    entered = tariff(session, sample_ring.combine, replace(YEAR_2026, tax_code="standard"))
    bill = do(session, enter_cost, pool, BILL, tax_code="S7")

    with write_transaction(session):
        change_tariff(session, entered, replace(YEAR_2026, tax_code="reduced"), by=SOMEBODY, now=MONDAY)
    do(session, change_cost, bill, BILL)

    assert (session.get(Tariff, entered).tax_code, session.get(Cost, bill).tax_code) == ("reduced", "S7")


@pytest.mark.parametrize("code", ["", "x" * 13])
def test_a_tax_code_is_short_and_not_empty(session, sample_ring, pool, code):
    with pytest.raises(WrongText):
        tariff(session, sample_ring.combine, replace(YEAR_2026, tax_code=code))
    with pytest.raises(WrongText):
        do(session, enter_cost, pool, BILL, tax_code=code)


@pytest.mark.parametrize("table", ["billing_tariff", "billing_cost"])
@pytest.mark.parametrize("code", ["", "x" * 13])
def test_the_database_checks_the_length_of_a_tax_code(session, sample_ring, pool, table, code):
    tariff(session, sample_ring.combine)
    do(session, enter_cost, pool, BILL)

    with pytest.raises(DatabaseError, match=f"ck_{table}_tax_code"), write_transaction(session):
        session.execute(text(f"UPDATE {table} SET tax_code = :code"), {"code": code})
