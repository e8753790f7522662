"""Entering a use that was not reserved: by the member, or by a manager for a member."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.use import usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, hours
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

LATER = MONDAY + timedelta(days=2)
# MONDAY is 8:00 in Berlin.
MORNING = {"date": "2026-11-23", "time": "09:00", "end_time": "11:00", "amount": "2,5", "places": "1"}


@pytest.fixture
def anna(log_in, sample_ring, clock):
    clock.instant = LATER
    return log_in(sample_ring.anna_login)


@pytest.fixture
def wanda(log_in, sample_ring, clock):
    clock.instant = LATER
    return log_in(sample_ring.wanda_login)


def enter(client, machine="combine", **changes):
    return client.post(f"/usage/new?machine={machine}", data=MORNING | changes)


def slips(session):
    session.rollback()
    return session.scalars(select(UsageRecord).order_by(UsageRecord.id)).all()


def test_a_member_enters_a_use_from_wherever_it_is_looked_for(anna, session, sample_ring):
    for path in ("/today", "/machines/combine", "/usage/at/combine", "/usage"):
        assert "/usage/new" in anna.get(path).text
    assert "Combine" in anna.get("/usage/new").text
    page = anna.get("/usage/new?machine=combine")
    assert form_with(page.text, "amount")["date"] == "2026-11-25"
    assert 'name="member"' not in page.text

    entered = enter(anna, note="Field behind the church")

    (slip,) = slips(session)
    assert (entered.status_code, entered.location) == (303, f"/usage/{slip.id}")
    assert (slip.member_id, slip.used_amount, slip.note_after) == (sample_ring.anna, 250, "Field behind the church")
    assert (slip.handed_out_at, slip.handed_back_at) == (MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=3))
    again = anna.post("/usage/new?machine=combine", data=MORNING, follow_redirects=True)
    assert "had been entered before" in again.text
    assert len(slips(session)) == 1


def test_both_readings_of_the_meter_give_the_amount(anna, session):
    wrong = enter(anna, amount="", reading_before="120", reading="110")
    assert (wrong.status_code, 'value="110"' in wrong.text) == (422, True)
    assert enter(anna, amount="", reading_before="-1", reading="110").status_code == 422
    assert enter(anna, amount="", reading="110").status_code == 422
    assert slips(session) == []

    assert enter(anna, amount="", reading_before="120", reading="122,5").status_code == 303

    (slip,) = slips(session)
    assert (slip.reading_before, slip.reading_after, slip.used_amount) == (12_000, 12_250, 250)
    assert usage.last_reading(session, slip.machine_id) == 12_250


def test_a_use_at_the_time_of_another_slip_is_stored_only_on_purpose(anna, session, sample_ring):
    mine, theirs = [
        UnreservedUse(sample_ring.combine, who, hours(MONDAY, start, start + 4), Measurement(amount=100))
        for who, start in ((sample_ring.anna, 1), (sample_ring.bernd, 26))
    ]
    with write_transaction(session):
        covering, foreign = (
            usage.record_usage(session, one, by=SOMEBODY, now=LATER + timedelta(days=1)).slip.id
            for one in (mine, theirs)
        )

    refused = enter(anna)
    assert refused.status_code == 409
    assert "cover this time already" in refused.text
    assert f"/usage/{covering}" in refused.text
    assert form_with(refused.text, "amount")["amount"] == "2,5"
    other = enter(anna, date="2026-11-24", time="10:00", end_time="11:00")
    assert (other.status_code, f'"/usage/{foreign}"' in other.text) == (409, False)

    assert enter(anna, allow_overlap="y").status_code == 303
    assert len(slips(session)) == 3


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"end_time": "08:30"}, "after the start"),
        ({"date": "2026-11-29"}, "in the future"),
        ({"date": "2025-11-01"}, "Please check the year"),
        ({"end_time": ""}, "Enter when it ends"),
        ({"amount": ""}, "Enter the amount used"),
        ({"amount": "0,000001"}, "finest step"),
        ({"places": "2"}, "places"),
        ({"date": "2026-10-25", "time": "02:30", "end_time": "06:00"}, "shows this time twice"),
    ],
)
def test_bad_input_is_named_and_nothing_is_lost(anna, session, changes, text):
    refused = enter(anna, note="Field", **changes)

    assert refused.status_code == 422
    assert "Field" in refused.text
    assert text in refused.text
    assert slips(session) == []


def test_a_manager_enters_it_for_a_member_of_the_ring_in_the_own_workshop(wanda, session, sample_ring):
    assert "/usage/new" in wanda.get("/today").text
    assert enter(wanda).status_code == 422
    assert enter(wanda, member=str(sample_ring.bernd)).status_code == 303
    assert enter(wanda, member="4711").status_code == 422
    assert enter(wanda, "laser", member=str(sample_ring.bernd)).status_code == 404

    (slip,) = slips(session)
    assert (slip.member_id, slip.handed_back_by) == (sample_ring.bernd, sample_ring.wanda_login)


def test_a_member_enters_nothing_for_others(anna, session, sample_ring):
    assert enter(anna, member=str(sample_ring.bernd)).status_code == 303

    assert session.scalar(select(func.count()).where(UsageRecord.member_id == sample_ring.bernd)) == 0


def test_the_price_stands_beside_the_form_before_anything_is_stored(anna, wanda, session, sample_ring):
    with write_transaction(session):
        prices = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(115), "guest": Decimal(145)})
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)

    def price(client, machine="combine", **changes):
        return client.get("/usage/new/price", query_string={"machine": machine, **MORNING, **changes})

    assert "as soon as start and end are entered" in anna.get("/usage/new?machine=combine").text
    assert "€287.50" in price(anna).text
    assert "€230.00" in price(anna, amount="", reading_before="10", reading="12").text
    for sentence, changes in {
        "amount is entered": {"amount": ""},
        "start and end are entered": {"end_time": ""},
        "is not a number": {"amount": "abc"},
        "how many places you need": {"places": ""},
        "in the future": {"date": "2026-11-29"},
    }.items():
        page = price(anna, **changes)
        assert (page.status_code, sentence in page.text, "€" in page.text) == (200, True, False), sentence
    assert "as soon as the member is chosen" in price(wanda).text
    assert "as soon as the member is chosen" in price(wanda, member="4711").text
    assert "€287.50" in price(wanda, member=str(sample_ring.bernd)).text
    assert price(wanda, "laser").status_code == 404  # the lab is not hers

    shown = enter(anna, check="1", note="Field")
    assert (shown.status_code, "€287.50" in shown.text, "Nothing is stored yet" in shown.text) == (200, True, True)
    assert enter(anna, check="1", amount="abc").status_code == 422
    assert slips(session) == []


def test_a_machine_that_is_measured_by_the_clock_needs_no_amount(anna, session, sample_ring):
    assert enter(anna, "laser", amount="").status_code == 303

    (slip,) = slips(session)
    assert slip.used_amount == 2 * 3_600
