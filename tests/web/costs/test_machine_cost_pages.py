"""The pages and calls of the machine-cost calculator."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from billing.models import MachineCost
from billing.pools.machine_cost_entry import MachineCostEntry, set_machine_cost
from billing.pools.machine_costs import MachineCostInput
from booking.kernel.errors import StaleRevision
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Machine
from tests.conftest import MONDAY
from tests.web.costs.test_costs_pages import text

COMBINE = {
    "new_value": "320,000.00",
    "residual": "64,000",
    "life_years": "10",
    "life_use": "3000",
    "interest": "3",
    "insurance": "0.5",
    "housing": "900",
    "repair": "14.50",
    "supplies": "18",
    "supplies_price": "1.25",
    "planned_use": "227",
    "contractor_price": "190",
}
BODY = {
    "new_value_cents": 32_000_000,
    "residual_cents": 6_400_000,
    "life_years": 10,
    "life_use": "3000",
    "interest_percent": "3",
    "insurance_percent": "0.5",
    "housing_cents": 90_000,
    "repair_price": "14.5",
    "supplies": "18",
    "supplies_price": "1.25",
    "planned_use": "380",
    "contractor_price": "190",
}


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


def test_the_treasurer_calculates_a_combine_and_stores_it(session, karl, sample_ring):
    address = f"/costs/machine-costs/{sample_ring.combine}"
    assert "not calculated yet" in text(karl.get("/costs/machine-costs"))

    shown = text(karl.post(address, data=COMBINE | {"calculate": "1", "revision": "0"}))
    for figure in ("€186.16 per hectare", "€33,860.00", "€37.00 per hectare", "pays from 222 ha", "Up to 300 ha"):
        assert figure in shown
    assert session.scalar(select(MachineCost.machine_id)) is None

    assert karl.post(address, data=COMBINE | {"revision": "0"}).status_code == 303
    assert "€186.16 per hectare" in text(karl.get(address))
    assert "222 ha" in text(karl.get("/costs/machine-costs"))
    stale = karl.post(address, data=COMBINE | {"revision": "0", "planned_use": "300"})
    assert stale.status_code == 409
    assert "was changed after you opened it" in text(stale)


def test_what_was_entered_per_hectare_is_not_shown_per_hour(session, karl, sample_ring):
    address = f"/costs/machine-costs/{sample_ring.combine}"
    karl.post(address, data=COMBINE | {"revision": "0"})
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(charge_unit="hour"))

    page = text(karl.get(address))

    assert "€186.16 per hectare" in page
    assert "This was entered in" in page
    assert "222 ha" in text(karl.get("/costs/machine-costs"))


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("new_value", "0", "The new value must be above zero."),
        ("residual", "320000.01", "cannot be worth more than new"),
        ("life_use", "0", "worn out by age alone"),
        ("life_years", "61", "1 and 60"),
        ("interest", "101", "from 0 to 100"),
        ("housing", "-1", "from 0 to"),
        ("repair", "-1", "A price cannot be negative."),
        ("planned_use", "", "Please enter the planned use."),
        ("contractor_price", "a", "contractor"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, karl, sample_ring, field, typed, message):
    for button in ({}, {"calculate": "1"}):
        refused = karl.post(f"/costs/machine-costs/{sample_ring.combine}", data=COMBINE | {field: typed} | button)

        assert refused.status_code == 422
        assert message in text(refused)
        assert f'href="#{field}"' in refused.text
    assert session.scalar(select(MachineCost.machine_id)) is None


def test_programs_state_and_read_the_costs(karl, sample_ring, log_in):
    address = f"/api/v1/machines/{sample_ring.combine}/costs"
    assert karl.get(address).json["facts"] is None

    stored = karl.put(address, json=BODY, headers={"If-Match": '"0"'})

    assert stored.status_code == 200
    figures = {name: stored.json[name] for name in ("fixed_cents", "variable_cents", "full_cents", "break_even")}
    assert figures == {"fixed_cents": 826_000, "variable_cents": 12_233, "full_cents": 14_407, "break_even": 222}
    assert {name: stored.json["facts"][name] for name in BODY} == BODY
    assert karl.put(address, json=BODY, headers={"If-Match": '"0"'}).status_code == 412
    assert karl.put(address, json=BODY | {"residual_cents": 32_000_001}).status_code == 422
    assert log_in(sample_ring.anna_login).get(address).status_code == 403


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_of_two_first_entries_the_second_is_told(session, sample_ring):
    entry, by = MachineCostEntry(MachineCostInput(100, 0, 1), planned_use=1), Actor(sample_ring.karl_login)
    with write_transaction(session):
        set_machine_cost(session, sample_ring.combine, entry, by=by, now=MONDAY, revision=0)

    with pytest.raises(StaleRevision), write_transaction(session):
        set_machine_cost(session, sample_ring.combine, entry, by=by, now=MONDAY, revision=0)
