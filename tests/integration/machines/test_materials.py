"""Materials with stock: sales count down, reversals give back, and the database lets no stock go below zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DatabaseError

from billing.errors.fee_errors import MaterialNotFound, MaterialNotSold, MaterialOfOtherWorkshop, StockTooLow
from billing.errors.money_errors import NameTaken, WrongAmount, WrongPeriod, WrongText
from billing.fees import posting
from billing.fees.audit import broken_fees
from billing.fees.materials import (
    MaterialInput,
    Sale,
    change_material,
    count_stock,
    enter_material,
    receive,
    sell,
    sell_for_slip,
)
from billing.fees.posting import FeeInput, enter_fee, reverse_fee
from billing.models import StockMove
from billing.queries.balances import balance_of, made_of
from billing.queries.fees import fee
from billing.queries.materials import material, stock_moves, taken_for
from booking.kernel.audit import AuditFinding
from booking.kernel.orm import table_of
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY
from tests.integration.money.test_allocations import do, use
from tests.integration.money.test_money_audits import tamper

PLYWOOD = MaterialInput("Plywood 4 mm", "m²", Decimal("12.99"), "standard")


@pytest.fixture
def plywood(session, sample_ring):
    return do(session, enter_material, sample_ring.hall, PLYWOOD)


def stock(session, material_id):
    return material(session, material_id).in_stock


def test_a_sale_counts_the_stock_down_and_taking_it_back_gives_it_back(session, sample_ring, plywood):
    anna = sample_ring.anna
    do(session, receive, plywood, Decimal(10), "LS 4711")
    sale = Sale(anna, Decimal("2.5"), TODAY)
    made = do(session, sell, plywood, sale, form_key="once")
    assert do(session, sell, plywood, sale, form_key="once") == made  # a second click takes nothing
    assert stock(session, plywood) == Decimal("7.5")
    # 2.5 x 12.99 = 32.475, rounded once, half up; a line of its own in the balance.
    assert made_of(session, anna) == {"material": 3_248}
    assert fee(session, made).tax_code == "standard"

    do(session, change_material, plywood, replace(PLYWOOD, unit_price=Decimal(14)))
    assert fee(session, made).cents == 3_248  # what was sold keeps its price

    do(session, reverse_fee, made, "Not taken.")
    assert (stock(session, plywood), balance_of(session, anna).cents) == (Decimal(10), 0)
    moves, _more = stock_moves(session, plywood)
    assert [(one.kind, one.quantity, one.stock) for one in moves] == [
        ("return", 2_500, 10_000),
        ("sale", -2_500, 7_500),
        ("receipt", 10_000, 10_000),
    ]
    assert [*broken_fees(session)] == []


def test_nothing_is_sold_beyond_the_stock_unless_said(session, sample_ring, plywood):
    sale = Sale(sample_ring.anna, Decimal(1), TODAY)
    with pytest.raises(StockTooLow) as refused:
        do(session, sell, plywood, sale)
    assert refused.value.facts == {"stock": 0, "unit": "m²"}
    assert balance_of(session, sample_ring.anna).cents == 0  # the fee went back with it
    do(session, change_material, plywood, replace(PLYWOOD, may_go_below=True))
    do(session, sell, plywood, sale)
    assert stock(session, plywood) == -1
    do(session, change_material, plywood, PLYWOOD)
    do(session, receive, plywood, Decimal("0.5"), "")  # may stay below zero on its way up
    do(session, count_stock, plywood, Decimal(4), "counted")
    assert stock(session, plywood) == 4
    before = len(stock_moves(session, plywood)[0])
    with write_transaction(session):
        assert count_stock(session, plywood, Decimal(4), "", by=SOMEBODY, now=MONDAY) is None
    assert len(stock_moves(session, plywood)[0]) == before
    do(session, change_material, plywood, replace(PLYWOOD, is_sold=False))
    with pytest.raises(MaterialNotSold):
        do(session, sell, plywood, sale)


def test_a_slip_takes_from_the_stock_of_its_workshop(session, sample_ring, plywood):
    do(session, receive, plywood, Decimal(10), "")
    usage_id = use(session, sample_ring.combine, sample_ring.anna, 100)
    first = do(session, sell_for_slip, plywood, usage_id, Decimal(3))
    do(session, sell_for_slip, plywood, usage_id, Decimal(1))
    do(session, reverse_fee, first, "One too many.")
    (left,) = taken_for(session, usage_id)
    assert (left.name, left.quantity, left.cents, stock(session, plywood)) == ("Plywood 4 mm", 1, 1_299, 9)
    elsewhere = do(session, enter_material, sample_ring.lab, PLYWOOD)
    do(session, receive, elsewhere, Decimal(10), "")
    with pytest.raises(MaterialOfOtherWorkshop):
        do(session, sell_for_slip, elsewhere, usage_id, Decimal(1))


def test_what_a_material_cannot_be_is_refused(session, sample_ring, plywood):
    for change, error in (
        ({}, NameTaken),
        ({"name": " "}, WrongText),
        ({"unit": ""}, WrongText),
        ({"unit_price": Decimal(0)}, WrongAmount),
        ({"unit_price": Decimal(-1)}, WrongAmount),
        ({"unit_price": Decimal("0.00001")}, WrongAmount),
        ({"tax_code": "20"}, WrongText),
    ):
        with pytest.raises(error):
            do(session, enter_material, sample_ring.hall, replace(PLYWOOD, **change))
    for verb in (receive, count_stock):
        for wrong in (Decimal(-1), Decimal("0.0001"), Decimal(1_000_001)):
            with pytest.raises(WrongAmount):
                do(session, verb, plywood, wrong, "")
        with pytest.raises(MaterialNotFound):
            do(session, verb, 4_711, Decimal(1), "")
    do(session, receive, plywood, Decimal(1), "")
    tomorrow = TODAY + timedelta(days=1)
    for change, error in (({"quantity": Decimal(0)}, WrongAmount), ({"service_date": tomorrow}, WrongPeriod)):
        with pytest.raises(error):
            do(session, sell, plywood, replace(Sale(sample_ring.anna, Decimal(1), TODAY), **change))
    assert stock(session, plywood) == 1


def test_the_database_refuses_another_stock_than_the_moves_make(session, plywood):
    do(session, receive, plywood, Decimal(2), "")
    moves = table_of(StockMove)
    right = {"material_id": plywood, "number": 2, "kind": "count", "quantity": -500, "stock": 1_500, "note": ""}
    for change, guard in (
        ({"stock": 1_000}, "billing_stock_move_chain"),
        ({"number": 3}, "billing_stock_move_chain"),
        ({"number": 1, "quantity": 500, "stock": 500}, "billing_stock_move"),
        ({"quantity": -3_000, "stock": -1_000}, "billing_stock_move_below_zero"),
        ({"kind": "sale"}, "billing_stock_move_fee"),
        ({"kind": "receipt"}, "billing_stock_move_quantity"),
    ):
        with pytest.raises(DatabaseError, match=guard), write_transaction(session):
            session.execute(insert(moves).values(right | change | {"made_at": MONDAY}))
    with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
        session.execute(update(moves).values(quantity=1))
    assert stock(session, plywood) == 2


def test_the_database_refuses_a_sale_of_another_quantity_than_its_fee(session, sample_ring, plywood):
    do(session, receive, plywood, Decimal(2), "")
    wanted = FeeInput("material", sample_ring.anna, TODAY, "Plywood 4 mm", Decimal("0.7"), Decimal("12.99"), "m²")
    other = replace(wanted, kind="other")
    sold, unlike = (do(session, enter_fee, one) for one in (wanted, other))
    right = {"material_id": plywood, "number": 2, "kind": "sale", "quantity": -700, "stock": 1_300, "fee_id": sold}
    row = right | {"note": "", "made_at": MONDAY}
    for change in (
        {"quantity": -701, "stock": 1_299},
        {"kind": "return", "quantity": 700, "stock": 2_700},
        {"fee_id": unlike},
    ):
        with pytest.raises(DatabaseError, match="billing_stock_move_as_its_fee"), write_transaction(session):
            session.execute(insert(table_of(StockMove)).values(row | change))
    with write_transaction(session):
        session.execute(insert(table_of(StockMove)).values(row))
    assert stock(session, plywood) == Decimal("1.3")


def test_the_database_refuses_to_take_a_sale_back_without_its_stock(session, sample_ring, plywood, monkeypatch):
    do(session, receive, plywood, Decimal(2), "")
    made = do(session, sell, plywood, Sale(sample_ring.anna, Decimal(1), TODAY))
    with monkeypatch.context() as forgetting:
        forgetting.setattr(posting, "give_back", lambda *_of, **_named: None)
        with pytest.raises(DatabaseError, match="billing_entry_sale_given_back"):
            do(session, reverse_fee, made, "Not taken.")
    assert (stock(session, plywood), balance_of(session, sample_ring.anna).cents) == (1, 1_299)
    do(session, reverse_fee, made, "Not taken.")
    assert (stock(session, plywood), balance_of(session, sample_ring.anna).cents) == (2, 0)


@pytest.mark.of_sqlite
def test_the_audit_finds_a_stock_that_was_changed_behind_the_program(session, sample_ring, plywood):
    do(session, receive, plywood, Decimal(2), "")
    do(session, receive, plywood, Decimal(2), "")
    made = do(session, sell, plywood, Sale(sample_ring.anna, Decimal(1), TODAY))
    back = do(session, reverse_fee, made, "Not taken.")
    assert not list(broken_fees(session))
    tamper(session, "billing_stock_move", "quantity = -2000, stock = 2000 WHERE number = 3")
    tamper(session, "billing_stock_move", "quantity = 2000 WHERE number = 4")
    assert [one.code for one in broken_fees(session)] == ["stock_fee", "stock_fee"]
    tamper(session, "billing_stock_move", "kind = 'count', fee_id = NULL WHERE number = 4")
    assert AuditFinding("stock_return", {"fee_id": back}) in broken_fees(session)
    tamper(session, "billing_stock_move", "stock = 9000 WHERE number = 1")
    assert "stock" in {one.code for one in broken_fees(session)}
