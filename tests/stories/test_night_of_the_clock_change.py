"""Story S3: a printer runs through the nights in which the clock is changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.builders import machine
from tests.stories.conftest import NEW_FORM, reserved, sent, words_of

TARIFF = {"valid_from": "2026-01-01", "member_price": "2.40", "guest_price": "3", "basis": "used"}
AUTUMN = {"date": "2026-10-24", "time": "22:00", "until": "end", "end_date": "2026-10-25", "end_time": "06:00"}
SPRING = {"date": "2027-03-27", "time": "22:00", "until": "end", "end_date": "2027-03-28", "end_time": "06:00"}
FIRST, SECOND = "0", "1"  # the two choices of the form
OCTOBER, MARCH = datetime(2026, 10, 20, 8, tzinfo=UTC), datetime(2027, 3, 20, 8, tzinfo=UTC)


@pytest.fixture
def printer(session, sample_ring, log_in, clock):
    """A printer that needs half an hour after each print, at 2.40 an hour."""
    clock.instant = OCTOBER
    made = machine(session, sample_ring.hall, "printer", charge_unit="hour", cleaning_min=30, step_min=30)
    sent(log_in(sample_ring.karl_login).post(f"/costs/tariffs/{made}/new", data=TARIFF))
    return made


@pytest.fixture
def anna(log_in, sample_ring, printer):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def anna_in_march(log_in, sample_ring, printer, clock):
    clock.instant = MARCH
    return log_in(sample_ring.anna_login)


def print_through(client, clock, reservation: int, start: datetime, end: datetime) -> None:
    """Fetch the printer and bring it back, each to the minute."""
    clock.instant = start
    sent(client.post(f"/usage/hand-out/{reservation}", data={}))
    clock.instant = end
    sent(client.post(f"/usage/hand-back/{reservation}", data={}))


def wish(**changes: str) -> dict[str, str]:
    return {"machine": "printer", "places": "1", "until": "length", "form_key": "one", **changes}


def test_the_long_night_is_shown_stored_and_charged_as_nine_hours(anna, clock, subscribed, entries, ring_command):
    feed = subscribed(anna)
    assert "8 h by the clock, 9 h elapsed" in words_of(anna.post(NEW_FORM, data=wish(**AUTUMN, check="1")))
    reservation = reserved(anna, **wish(**AUTUMN))

    (entry,) = entries(feed)
    start, end = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC)
    assert (entry["DTSTART"].dt.astimezone(UTC), entry["DTEND"].dt.astimezone(UTC)) == (start, end)

    print_through(anna, clock, reservation, start, end)
    ring_command("work", "--once")
    assert "<dt>9 h × €2.40 per hour</dt><dd>€21.60</dd>" in words_of(anna.get("/costs/mine"))


def test_a_report_by_day_gives_two_and_seven_hours_and_knows_the_day_of_25(anna, clock, printer):
    reservation = reserved(anna, **wish(**AUTUMN))
    start, end = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC)
    print_through(anna, clock, reservation, start, end)

    page = words_of(anna.get("/usage/days?machine=printer&from=2026-10-01&until=2026-10-31"))
    assert "this day has 25 h" in page
    assert re.findall(r'data-l="In use" class="num t-sum">([^<]+)<', page) == ["2 h", "7 h"]
    assert '<td class="num t-sum" data-l="In use">9 h</td>' in page
    assert words_of(anna.get("/usage/days?machine=printer&from=2026-10-25&until=2026-10-25")).count(">7 h<") == 2

    file = anna.get("/usage/days/file.csv?machine=printer&from=2026-10-01&until=2026-10-31").text.splitlines()
    rows = [line.split(",") for line in file[1:3]]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("2026-10-24", "1", "2.000", "7200", "24.000"),
        ("2026-10-25", "1", "7.000", "25200", "25.000"),
    ]

    query = {"machine_id": printer, "period": "2026-10"}
    call = anna.get("/api/v1/usage/days", query_string=query).json
    assert call["seconds"] == 9 * 3600
    assert [(one["day"], one["seconds"], one["day_seconds"]) for one in call["days"]] == [
        ("2026-10-24", 2 * 3600, 24 * 3600),
        ("2026-10-25", 7 * 3600, 25 * 3600),
    ]


def test_a_report_by_day_knows_the_day_of_23_hours(anna_in_march, clock):
    reservation = reserved(anna_in_march, **wish(**SPRING))
    start, end = datetime(2027, 3, 27, 21, tzinfo=UTC), datetime(2027, 3, 28, 4, tzinfo=UTC)
    print_through(anna_in_march, clock, reservation, start, end)

    page = words_of(anna_in_march.get("/usage/days?machine=printer&from=2027-03-01&until=2027-03-31"))
    assert "this day has 23 h" in page
    assert re.findall(r'data-l="In use" class="num t-sum">([^<]+)<', page) == ["2 h", "5 h"]


def test_the_cleaning_runs_from_the_true_end_and_not_by_the_wall(anna, log_in, sample_ring):
    reserved(anna, **wish(**AUTUMN))
    bernd = log_in(sample_ring.bernd_login)

    early = bernd.post(NEW_FORM, data=wish(date="2026-10-25", time="06:00", hours="1"))
    assert early.status_code == 409
    reserved(bernd, **wish(date="2026-10-25", time="06:30", hours="1"))


def test_half_past_two_comes_twice_and_both_can_be_had(anna, log_in, sample_ring):
    night = {"date": "2026-10-25", "time": "02:30", "hours": "0", "minutes": "30"}
    asked = anna.post(NEW_FORM, data=wish(**night))
    assert asked.status_code == 422
    assert 'name="which_start"' in asked.text

    reserved(anna, **wish(**night, which_start=FIRST))
    taken = log_in(sample_ring.bernd_login).post(NEW_FORM, data=wish(**night, which_start=FIRST))
    assert taken.status_code == 409
    # Half an hour of print and half of cleaning: the second 2:30 is free to the minute.
    reserved(log_in(sample_ring.bernd_login), **wish(**night, which_start=SECOND))


def test_the_short_night_is_charged_as_seven_hours(anna_in_march, clock, ring_command):
    anna = anna_in_march
    reservation = reserved(anna, **wish(**SPRING))

    start, end = datetime(2027, 3, 27, 21, tzinfo=UTC), datetime(2027, 3, 28, 4, tzinfo=UTC)
    print_through(anna, clock, reservation, start, end)
    ring_command("work", "--once")
    assert "<dt>7 h × €2.40 per hour</dt><dd>€16.80</dd>" in words_of(anna.get("/costs/mine"))


def test_half_past_two_does_not_come_in_spring(anna_in_march):
    refused = anna_in_march.post(NEW_FORM, data=wish(date="2027-03-28", time="02:30", hours="1"))

    assert refused.status_code == 422
    assert "3:30" in words_of(refused)
