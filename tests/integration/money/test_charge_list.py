"""The list of charges and the list of slips, with their filters and sums, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing import queries
from billing.exports.charges import CHARGE_COLUMNS, charge_table
from booking.queries import slip_ids, slip_totals, slips
from tests.conftest import MONDAY
from tests.integration.money.test_charges import charge, tariff, use
from tests.integration.money.test_dated_classes import correct_amount

POSTED_ON = date(2026, 11, 23)


@pytest.fixture
def corrected(session, sample_ring):
    """Anna's slip was charged, reversed and charged again, all on one day; Bernd's was charged once."""
    tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    charge(session, slip)
    correct_amount(session, slip, 900)
    charge(session, slip)
    charge(session, use(session, sample_ring.combine, sample_ring.bernd, 100, days_ago=3))


def test_charges_are_narrowed_and_summed_up_with_their_reversals(session, sample_ring, corrected):
    rows = queries.posted_charges(session, limit=10, member_text="m-ann")

    assert [(row.cents, row.reverses_id is not None) for row in rows] == [
        (103_500, False),
        (-115_000, True),
        (115_000, False),
    ]
    totals = queries.charge_totals(session, since=POSTED_ON, until=POSTED_ON, machine_id=sample_ring.combine)
    assert (totals.count, totals.cents, totals.charged) == (4, 115_000, {"ha": 1_000})
    assert queries.charge_totals(session, until=POSTED_ON - timedelta(days=1)).count == 0
    assert [row.cents for row in queries.posted_charges(session, limit=1, offset=3)] == [115_000]


def test_the_file_of_charges_is_by_day_of_posting(session, sample_ring, corrected):
    at = {column.code: number for number, column in enumerate(CHARGE_COLUMNS)}
    rows = list(charge_table(session, POSTED_ON, POSTED_ON, member_id=sample_ring.anna).rows)

    assert [row[at["reverses"]] for row in rows] == [None, rows[0][at["charge"]], None]
    assert {(row[at["posted_on"]], row[at["service_date"]]) for row in rows} == {(POSTED_ON, date(2026, 11, 22))}
    assert MONDAY.date() == POSTED_ON


def test_the_sums_of_slips_are_those_of_the_filter_and_not_of_the_page(session, sample_ring, corrected):
    wanted = {"since": date(2026, 11, 1), "until": POSTED_ON, "machine_id": sample_ring.combine}

    assert len(slips(session, limit=1, **wanted)) == 1
    assert slip_totals(session, **wanted).used == {"ha": 1_000}
    assert queries.charged_cents(session, slip_ids(session, **wanted)) == 115_000
    assert slip_totals(session, **wanted, member_text="bernd").count == 1
    assert slip_totals(session, **wanted, member_id=sample_ring.anna, workshop_ids=()).count == 1
    assert queries.charged_cents(session, slip_ids(session, member_text="nobody")) == 0
