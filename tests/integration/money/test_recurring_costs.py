"""Recurring costs: proposed for each period that has begun, answered once; a budget beside what was entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DatabaseError

from app.storage.audits import check_allocations
from billing import queries
from billing.errors.cost_errors import KindRecurs, NotProposed, PeriodAnswered, RecurringCostUsed, UnusualCost
from billing.errors.money_errors import NameTaken, UnknownKind, WrongAmount, WrongPeriod
from billing.models import RecurringCost, RecurringPeriod
from billing.pools.budgets import set_budget
from billing.pools.costs import CostEntry, change_cost, delete_cost, enter_cost
from billing.pools.pools import change_pool, enter_pool
from billing.pools.recurring_audit import broken_periods_of_costs
from billing.pools.recurring_costs import (
    RecurringInput,
    accept_proposal,
    change_recurring_cost,
    delete_recurring_cost,
    dismiss_proposal,
    enter_recurring_cost,
    propose_again,
)
from billing.queries import recurring as recurring_queries
from billing.queries.budgets import budgets_of_year
from billing.queries.recurring import answered_periods, proposals, recurring_cost
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, machine, workshop
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do
from tests.integration.schedule.test_offer_races import all_at_once

TODAY = date(2026, 7, 1)
BY = {"today": TODAY, "by": SOMEBODY, "now": MONDAY}
RENT = RecurringInput("Rent", "Huber", "fixed", 30_000, 3, date(2026, 1, 1))


@pytest.fixture
def pool(session):
    return do(session, enter_pool, machine(session, workshop(session)), "Hall", {"fixed": "head", "running": "use"})


def days(session, today=TODAY):
    return [one.begins_on for one in proposals(session, today)]


def accept(session, recurring_id, day, entry=None, **more):
    return answer(session, accept_proposal, recurring_id, day, entry, today=TODAY, **more)


def answer(session, verb, *arguments, **more):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=MONDAY, **more)


def test_each_period_is_proposed_once_and_answered_once(session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    assert days(session) == [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]
    assert days(session, date(2026, 6, 30)) == [date(2026, 1, 1), date(2026, 4, 1)]

    first = accept(session, rent, date(2026, 1, 1), revision=0)
    assert accept(session, rent, date(2026, 1, 1), revision=0) == first
    entered = queries.cost(session, first)
    assert (entered.service_date, entered.supplier, entered.net_cents, entered.note) == (
        date(2026, 1, 1),
        "Huber",
        30_000,
        "Rent",
    )
    other = CostEntry(date(2026, 4, 3), "Huber", "running", 31_000, "R-7")
    changed = accept(session, rent, date(2026, 4, 1), other)
    with pytest.raises(PeriodAnswered):
        accept(session, rent, date(2026, 4, 1))
    session.rollback()
    for cost_id in (first, None):  # a second answer, and the cost of another period
        row = {"recurring_id": rent, "begins_on": date(2026, 1 if cost_id is None else 7, 1), "cost_id": cost_id}
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(insert(RecurringPeriod).values(row | {"answered_at": MONDAY}))
    answer(session, dismiss_proposal, rent, date(2026, 7, 1), today=TODAY)
    answer(session, dismiss_proposal, rent, date(2026, 7, 1), today=TODAY)
    assert days(session) == []
    assert [(one.begins_on.month, one.cost_id) for one in answered_periods(session, rent, limit=3)[0]] == [
        (7, None),
        (4, changed),
        (1, first),
    ]
    for day in (date(2026, 4, 2), date(2026, 10, 1)):  # none begins on it; not begun yet
        with pytest.raises(NotProposed):
            answer(session, propose_again, rent, day, today=TODAY)
        session.rollback()
    answer(session, propose_again, rent, date(2026, 7, 1), today=TODAY)
    do(session, delete_cost, first)
    assert days(session) == [date(2026, 1, 1), date(2026, 7, 1)]


def test_the_cost_of_another_pool_answers_nothing(session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    other = do(session, enter_pool, queries.pool(session, pool).machine_id, "Other", {"fixed": "head"})
    cost = do(session, enter_cost, other, CostEntry(date(2026, 1, 1), "Huber", "fixed", 30_000))
    row = {"recurring_id": rent, "begins_on": date(2026, 1, 1), "cost_id": cost, "answered_at": MONDAY}
    with pytest.raises(DatabaseError, match="billing_recurring_period_same_pool"), write_transaction(session):
        session.execute(insert(RecurringPeriod).values(row))


def test_of_acceptances_at_once_one_enters_the_cost(app, session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    day, other = RENT.first_on, CostEntry(RENT.first_on, "Huber", "fixed", 31_000)

    def accepting(entry):
        return partial(accept_proposal, recurring_id=rent, begins_on=day, entry=entry, **BY)

    results = all_at_once(app, *(accepting(entry) for entry in (None, other, None, other)))
    session.rollback()
    costs, _more = queries.costs(session, pool, limit=5)
    assert len(costs) == 1
    refused = [one for one in results if isinstance(one, PeriodAnswered)]
    assert [one.facts["cost_id"] for one in refused] == [costs[0].id] * 2
    assert [one for one in results if one not in refused] == [costs[0].id] * 2


@pytest.mark.of_sqlite
def test_an_answer_of_no_period_or_of_another_pool_is_found(session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    for day in (date(2026, 1, 1), date(2026, 4, 1)):
        accept(session, rent, day)
    answer(session, dismiss_proposal, rent, date(2026, 7, 1), today=TODAY)
    assert (list(broken_periods_of_costs(session)), check_allocations(session)) == ([], [])
    other = do(session, enter_pool, queries.pool(session, pool).machine_id, "Other", {"fixed": "head"})
    july = RecurringPeriod.begins_on == date(2026, 7, 1)
    with write_transaction(session):
        session.execute(update(RecurringPeriod).where(july).values(begins_on=date(2026, 7, 2)))
        session.execute(update(RecurringCost).values(pool_id=other))
    found = [one.code for one in broken_periods_of_costs(session)]
    assert found == ["recurring_pool", "recurring_pool", "recurring_period"]
    assert all(one.is_broken for one in check_allocations(session))


@pytest.mark.of_sqlite
def test_answers_are_read_only_of_what_lacks_one(session, pool, monkeypatch):
    rent = do(session, enter_recurring_cost, pool, RENT)
    tax = do(session, enter_recurring_cost, pool, RecurringInput("Tax", "Town", "fixed", 5_000, 12, RENT.first_on))
    accept(session, tax, RENT.first_on)
    read = []
    real = recurring_queries._answered_days
    monkeypatch.setattr(recurring_queries, "_answered_days", lambda *of: read.append(of[1]) or real(*of))
    assert len(days(session)) == 3
    assert read == [[rent]]


@pytest.mark.of_sqlite
def test_a_kind_that_recurs_stays_in_its_pool(session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    with pytest.raises(KindRecurs) as refused:
        do(session, change_pool, pool, "Hall", {"running": "use"})
    assert refused.value.facts == {"kind": "fixed", "name": "Rent"}
    session.rollback()
    do(session, change_recurring_cost, rent, replace(RENT, kind="running"))
    do(session, change_pool, pool, "Hall", {"running": "use"})


@pytest.mark.of_sqlite
def test_what_is_proposed_can_change_and_end(session, pool):
    rent = do(session, enter_recurring_cost, pool, RENT)
    accept(session, rent, date(2026, 1, 1))
    dearer = RecurringInput("Rent", "Huber", "fixed", 400_000, 3, RENT.first_on, date(2026, 6, 30))
    do(session, change_recurring_cost, rent, dearer, revision=0)
    assert days(session) == [date(2026, 4, 1)]
    with pytest.raises(StaleRevision):  # what was shown is no longer proposed
        accept(session, rent, date(2026, 4, 1), revision=0)
    session.rollback()
    with pytest.raises(UnusualCost):
        accept(session, rent, date(2026, 4, 1), CostEntry(date(2026, 4, 1), "Huber", "fixed", 500_000))
    session.rollback()
    assert queries.cost(session, accept(session, rent, date(2026, 4, 1), revision=1)).net_cents == 400_000
    for day in (date(2026, 7, 1), date(2026, 4, 2), date(2025, 10, 1), date(2027, 1, 1)):
        with pytest.raises(NotProposed):
            accept(session, rent, day)
        session.rollback()
    for verb, arguments in (
        (change_recurring_cost, (rent, RecurringInput("Rent", "Huber", "fixed", 1, 12, RENT.first_on))),
        (delete_recurring_cost, (rent,)),
    ):
        with pytest.raises(RecurringCostUsed):
            do(session, verb, *arguments)
        session.rollback()
    unused = do(session, enter_recurring_cost, pool, RecurringInput("Tax", "Town", "fixed", 5, 12, RENT.first_on))
    do(session, delete_recurring_cost, unused)
    assert recurring_cost(session, rent).is_used


@pytest.mark.of_sqlite
def test_a_day_that_a_month_lacks_is_its_last_one(session, pool):
    do(session, enter_recurring_cost, pool, RecurringInput("Loan", "Bank", "fixed", 5, 1, date(2026, 1, 31)))
    assert days(session, date(2026, 4, 30)) == [
        date(2026, 1, 31),
        *(date(2026, m, d) for m, d in ((2, 28), (3, 31), (4, 30))),
    ]
    assert [one.last_on.day for one in proposals(session, date(2026, 4, 30))] == [27, 30, 29, 30]


@pytest.mark.of_sqlite
def test_a_recurring_cost_that_cannot_be_is_refused(session, pool):
    do(session, enter_recurring_cost, pool, RENT)
    for change, error in (
        ({}, NameTaken),
        ({"name": "X", "kind": "none"}, UnknownKind),
        ({"name": "X", "net_cents": 0}, WrongAmount),
        ({"name": "X", "last_on": date(2025, 12, 31)}, WrongPeriod),
        ({"name": "X", "first_on": date(1989, 12, 31)}, WrongPeriod),
    ):
        values = {name: getattr(RENT, name) for name in RENT.__dataclass_fields__} | change
        with pytest.raises(error):
            do(session, enter_recurring_cost, pool, RecurringInput(**values))
        session.rollback()


@pytest.mark.of_sqlite
def test_storing_a_budget_keeps_what_was_planned_for_kinds_that_are_gone(session, pool):
    rules = {"fixed": "head", "running": "use"}
    do(session, change_pool, pool, "Hall", rules | {"gone": "head"})
    do(session, set_budget, pool, 2026, {"gone": 700, "fixed": 1})
    do(session, change_pool, pool, "Hall", rules)
    do(session, set_budget, pool, 2026, {"fixed": 5})  # as the form sends it: it does not ask about "gone"
    (of_year,) = budgets_of_year(session, 2026, pool_id=pool)
    assert {one.kind: one.budget_cents for one in of_year.lines} == {"fixed": 5, "running": None, "gone": 700}


@pytest.mark.of_sqlite
def test_a_budget_stands_beside_what_was_entered(session, pool):
    cost = do(session, enter_cost, pool, CostEntry(date(2026, 3, 1), "Huber", "fixed", 31_000))
    do(session, enter_cost, pool, CostEntry(date(2027, 3, 1), "Huber", "fixed", 1))
    do(session, set_budget, pool, 2026, {"fixed": 30_000})
    (of_year,) = budgets_of_year(session, 2026)
    assert [
        (one.kind, one.budget_cents, one.actual_cents, one.left_cents) for one in (*of_year.lines, of_year.total)
    ] == [
        ("fixed", 30_000, 31_000, -1_000),
        ("running", None, 0, None),
        ("", 30_000, 31_000, -1_000),
    ]
    do(session, change_cost, cost, CostEntry(date(2026, 3, 1), "Huber", "running", 31_000))
    do(session, set_budget, pool, 2026, {"running": 0, "fixed": 5})
    assert [one.left_cents for one in budgets_of_year(session, 2026, pool_id=pool)[0].lines] == [5, -31_000]
    for values, error in (({"none": 1}, UnknownKind), ({"fixed": -1}, WrongAmount)):
        with pytest.raises(error):
            do(session, set_budget, pool, 2026, values)
        session.rollback()
