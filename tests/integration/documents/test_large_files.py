"""What the file of all usage slips costs grows with its rows and with nothing else. Counted, not timed."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, insert

from billing.exports.csv import STYLES, csv_chunks
from billing.exports.slips import BATCH_SLIPS, SLIP_COLUMNS, slip_table
from billing.models import Charge
from billing.prices.pricing import PriceTerms, price_cents
from billing.queries import cents_of_slips, prices_of_slips
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do

HEADS = {column.code: column.code for column in SLIP_COLUMNS}
YEARS = date(2020, 1, 1), date(2026, 12, 31)
CALCULATION = price_cents(PriceTerms(Decimal("12.5"), 100), 1_234)


@pytest.fixture
def slips(session, sample_ring):
    """slips(count) enters so many more slips of Anna's on the combine, each with its price."""
    entry = TariffEntry(date(2020, 1, 1), prices={"member": Decimal("12.5"), "guest": Decimal(13)})
    tariff_id = do(session, enter_tariff, sample_ring.combine, entry)
    known = []

    def enter(count):
        numbers = range(len(known) + 1, len(known) + count + 1)
        known.extend(numbers)
        with write_transaction(session):
            session.execute(insert(UsageRecord), [slip(sample_ring, number) for number in numbers])
            session.execute(insert(Charge), [charge(sample_ring, number, tariff_id) for number in numbers])

    return enter


def slip(sample_ring, number):
    out = MONDAY - timedelta(hours=3 * number)
    return {
        "id": number,
        "machine_id": sample_ring.combine,
        "member_id": sample_ring.anna,
        "charge_unit": "ha",
        "handed_out_at": out,
        "service_date": out.date(),
        "price_class": "member",
        "handed_back_at": out + timedelta(hours=2),
        "used_amount": CALCULATION.used_amount,
    }


def charge(sample_ring, number, tariff_id):
    return {
        "usage_id": number,
        "member_id": sample_ring.anna,
        "machine_id": sample_ring.combine,
        "tariff_id": tariff_id,
        "service_date": (MONDAY - timedelta(hours=3 * number)).date(),
        "price_class": "member",
        "charge_unit": "ha",
        "charged_amount": CALCULATION.charged_amount,
        "cents": CALCULATION.cents,
        "calculation": CALCULATION.as_json(),
        "created_at": MONDAY,
    }


def written(session):
    """How many rows the file has; its bytes are let go, as by a server that sends them."""
    return sum(piece.count(b"\r\n") for piece in csv_chunks(slip_table(session, *YEARS), HEADS, STYLES["en"])) - 1


def steps_of(session, read):
    """How many steps of SQLite's machine a reading takes."""
    count = 0

    def step():
        nonlocal count
        count += 10

    driver = session.connection().connection.driver_connection
    driver.set_progress_handler(step, 10)
    try:
        read()
    finally:
        driver.set_progress_handler(None, 10)
    return count


def test_a_batch_more_takes_two_statements_more(session, slips):
    def statements():
        seen = []
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *words: seen.append(words[2]))
        rows = written(session)
        session.rollback()
        return rows, len(seen)

    slips(BATCH_SLIPS)
    one_batch = statements()
    slips(2 * BATCH_SLIPS)

    assert one_batch[0] == BATCH_SLIPS
    assert statements() == (3 * BATCH_SLIPS, one_batch[1] + 2 * 2)


@pytest.mark.of_sqlite
def test_four_times_the_slips_take_four_times_the_steps(session, slips):
    slips(2 * BATCH_SLIPS)
    few = steps_of(session, lambda: written(session))
    slips(6 * BATCH_SLIPS)

    assert steps_of(session, lambda: written(session)) <= 5 * few


@pytest.mark.of_sqlite
@pytest.mark.parametrize("read", [prices_of_slips, cents_of_slips])
def test_the_prices_of_a_page_of_slips_do_not_walk_through_all_charges(session, slips, read):
    slips(100)
    few = steps_of(session, lambda: read(session, range(1, 26)))
    slips(2_000)

    assert steps_of(session, lambda: read(session, range(1, 26))) <= 1.25 * few + 200


@pytest.mark.of_sqlite
def test_the_rows_of_a_file_are_never_all_in_memory(session, slips):
    """A batch takes one and a half megabytes while it is written; all 6,000 rows at once took six."""
    slips(6_000)
    written(session)  # what is kept once read, such as compiled statements, is no matter
    tracemalloc.start()
    try:
        written(session)
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 3_500_000
