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
    oldest_first = [slip.handed_out_at for slip in slips(session, oldest_first=True)]
    assert oldest_first == [slip.handed_out_at for slip in reversed(slips(session))] == sorted(oldest_first)


def test_a_few_slips_are_summed_with_what_counts_of_each(session, sample_ring, corrected):
    anna, bernd = [slip.id for slip in slips(session)]
    correct_amount(session, bernd, 90)  # and reversed, so that nothing of it counts until it is charged again
    found = [slip.id for slip in slips(session)]

    charged = queries.charged_slips(session, found)

    assert (charged.total, charged.by_slip) == (
        queries.charged_cents(session, found),
        queries.cents_of_slips(session, found),
    )
    assert charged.by_slip[anna] == 103_500
    assert queries.charged_slips(session, []) == queries.ChargedSlips(0, {})


def test_slips_without_a_price_are_counted_among_those_that_are_listed_only(session, sample_ring, corrected):
    (first, last), waiting = (
        [slip.id for slip in slips(session)],
        use(session, sample_ring.splitter, sample_ring.anna, 5),
    )
    assert charge(session, waiting) is None  # the machine has no tariff

    assert queries.unpriced_among(session, []) == queries.unpriced_among(session, [first, last]) == 0
    assert queries.unpriced_among(session, [first, last, waiting]) == 1
    assert queries.unpriced_among(session, slip_ids(session, machine_id=sample_ring.splitter)) == 1
    assert queries.unpriced_among(session, [waiting - 1, waiting + 1]) == 0  # one between them has none
