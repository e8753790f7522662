"""Readings of meters: in their order, corrected, withdrawn, and kept while an allocation uses them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DatabaseError

from billing.allocations.allocations import reverse_allocation
from billing.audits import broken_allocations
from billing.errors.cost_errors import ReadingNotFound, ReadingRefused
from billing.errors.money_errors import NameTaken
from billing.models import MeterReading, MeterReadingEntry
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.keys import METER, KeyPart, KeyTerms
from billing.pools.meters import consumption, enter_meter
from billing.pools.pool_keys import enter_key
from billing.pools.pools import change_pool, enter_pool
from billing.pools.readings import ReadingEntry, enter_reading, withdraw_reading
from billing.queries.pool_keys import meters
from billing.queries.readings import day_readings
from booking.kernel.transaction import write_transaction
from tests.builders import member
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import JUNE, borne, do, post

TODAY = MONDAY.date()
MAY_31, JUNE_30, JULY_31 = date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)


@pytest.fixture
def three(session, sample_ring):
    return [member(session, f"Hof {number}") for number in range(1, 4)]


@pytest.fixture
def hall(session, sample_ring):
    """A pool that divides by meters alone."""
    hall_id = do(session, enter_pool, sample_ring.combine, "Hall", {"all": "use"})
    key_id = do(session, enter_key, hall_id, "Power", KeyTerms((KeyPart(METER),), meter_unit="kWh"))
    do(session, change_pool, hall_id, "Hall", {"all": f"key-{key_id}"})
    return hall_id


def read(session, meter_id, day, reading, restart=None):
    entry = ReadingEntry(day, reading, restart)
    return do(session, enter_reading, meter_id, entry, today=TODAY)


def entered(session, meter_id):
    """What stays of each day, the newest first."""
    found, _more = day_readings(session, meter_id, limit=50)
    return [[one.holds.reading, *(former.reading for former in one.before)] for one in found]


def test_what_an_allocation_used_is_kept_until_it_is_reversed(session, hall, three):
    """A correction would change what July begins with, and not what June was divided by."""
    first, second = (do(session, enter_meter, hall, one, f"Z-{one}") for one in three[:2])
    for meter_id, until in ((first, 30_000), (second, 10_000)):
        read(session, meter_id, MAY_31, 0)
        read(session, meter_id, JUNE_30, until)
    do(session, enter_cost, hall, CostEntry(date(2026, 6, 20), "Huber", "all", 4_000), confirmed_cents=4_000)
    posted = post(session, hall, JUNE)
    assert borne(session, posted) == [3_000, 1_000]

    for day in (MAY_31, JUNE_30):
        with pytest.raises(ReadingRefused) as refused:
            read(session, first, day, 1)
        assert (refused.value.violations[0].rule, refused.value.violations[0].limit) == ("reading_used", JUNE_30)
        session.rollback()
        with pytest.raises(ReadingRefused):
            do(session, withdraw_reading, first, day)
        session.rollback()
        of_day = MeterReading.meter_id == first, MeterReading.read_on == day
        for statement in (update(MeterReading).where(*of_day).values(reading=1), delete(MeterReading).where(*of_day)):
            with pytest.raises(DatabaseError, match="billing_meter_reading_used"), write_transaction(session):
                session.execute(statement)
    for meter_id, day in ((first, date(2026, 6, 15)), (do(session, enter_meter, hall, three[2], "new"), JUNE_30)):
        row = {"meter_id": meter_id, "read_on": day, "reading": 9, "entered_at": MONDAY}
        with pytest.raises(DatabaseError, match="billing_meter_reading_used"), write_transaction(session):
            session.execute(insert(MeterReading).values(row))
        with pytest.raises(ReadingRefused):
            read(session, meter_id, day, 9)
        session.rollback()
    read(session, first, JUNE_30, 30_000)  # the same again changes nothing
    read(session, first, JULY_31, 50_000)
    read(session, first, date(2026, 5, 1), 0)  # before what June began with

    do(session, reverse_allocation, posted, "Misread")
    read(session, first, JUNE_30, 10_000)
    assert borne(session, post(session, hall, JUNE)) == [2_000, 2_000, 0]
    july = consumption(session, hall, date(2026, 7, 1), JULY_31)
    assert july.by_member[three[0]] == 40_000
    assert entered(session, first) == [[50_000], [10_000, 30_000], [0], [0]]
    assert list(broken_allocations(session)) == []


def test_what_was_entered_before_a_correction_stays(session, hall, three):
    meter_id = do(session, enter_meter, hall, three[0], "Z-1")
    for day, reading in ((MAY_31, 100_000), (JUNE_30, 300_000), (JUNE_30, 200_000), (JUNE_30, 200_000)):
        read(session, meter_id, day, reading)
    do(session, withdraw_reading, meter_id, MAY_31)
    assert entered(session, meter_id) == [[200_000, 300_000], [None, 100_000]]
    assert [one.reading for one in meters(session, hall)[0].readings] == [200_000]
    with pytest.raises(ReadingNotFound):
        do(session, withdraw_reading, meter_id, MAY_31)
    session.rollback()
    read(session, meter_id, MAY_31, 150_000)
    (last, first), more = day_readings(session, meter_id, limit=2)
    assert (last.counted, first.counted, more) == (50_000, None, False)
    assert [one.holds.read_on for one in day_readings(session, meter_id, limit=1, offset=1)[0]] == [MAY_31]
    assert entered(session, meter_id)[1] == [150_000, None, 100_000]
    for statement in (update(MeterReadingEntry).values(reading=1), delete(MeterReadingEntry)):
        with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
            session.execute(statement)

    assert list(broken_allocations(session)) == []
    with write_transaction(session):
        session.execute(update(MeterReading).where(MeterReading.read_on == MAY_31).values(reading=1))
    assert [(one.code, one.facts["day"]) for one in broken_allocations(session)] == [("reading", "2026-05-31")]


def test_the_reading_of_a_change_is_not_withdrawn_where_the_next_one_is_lower(session, hall, three):
    meter_id = do(session, enter_meter, hall, three[0], "Z-1")
    read(session, meter_id, MAY_31, 100_000)
    read(session, meter_id, date(2026, 6, 15), 160_000, restart=5_000)
    read(session, meter_id, JUNE_30, 45_000)
    with pytest.raises(ReadingRefused) as refused:
        do(session, withdraw_reading, meter_id, date(2026, 6, 15))
    assert refused.value.violations[0].rule == "reading_holds_change"
    session.rollback()
    with pytest.raises(DatabaseError, match="billing_meter_reading_goes_up_without"), write_transaction(session):
        session.execute(delete(MeterReading).where(MeterReading.restart.is_not(None)))


def test_a_reading_that_does_not_fit_is_refused_also_by_the_database(session, hall, three):
    meter_id = do(session, enter_meter, hall, three[0], "Z-1")
    read(session, meter_id, date(2026, 6, 10), 100_000)
    read(session, meter_id, date(2026, 6, 30), 200_000)
    for day, reading, rule in (
        (20, 99_999, "reading_below_last"),
        (5, 100_001, "reading_above_next"),
        (10, 200_001, "reading_above_next"),
    ):
        wanted = date(2026, 6, day)
        with pytest.raises(ReadingRefused) as refused:
            read(session, meter_id, wanted, reading)
        assert refused.value.violations[0].rule == rule
        session.rollback()
        same = MeterReading.meter_id == meter_id, MeterReading.read_on == wanted
        row = {"meter_id": meter_id, "read_on": wanted, "reading": reading, "entered_at": MONDAY}
        changed, added = update(MeterReading).where(*same).values(reading=reading), insert(MeterReading).values(row)
        with pytest.raises(DatabaseError, match="billing_meter_reading_goes_up"), write_transaction(session):
            session.execute(changed if day == 10 else added)
    assert [one.reading for one in meters(session, hall)[0].readings] == [200_000, 100_000]


@pytest.mark.of_sqlite
def test_the_last_reading_before_a_period_is_where_it_begins(session, hall, three):
    meter_id = do(session, enter_meter, hall, three[0], "Z-1")
    for day, reading in ((date(2026, 3, 1), 0), (date(2026, 5, 20), 70), (date(2026, 6, 25), 100)):
        read(session, meter_id, day, reading)
    halves = [consumption(session, hall, date(2026, month, 1), date(2026, month, 28)) for month in (5, 6)]
    assert [one.by_member[three[0]] for one in halves] == [70, 30]
    with pytest.raises(ReadingRefused) as refused:
        read(session, meter_id, TODAY + timedelta(days=1), 200)
    assert refused.value.violations[0].rule == "reading_in_future"
    session.rollback()
    with pytest.raises(NameTaken):  # a file of readings could not tell them apart
        do(session, enter_meter, hall, three[1], "z-1")
