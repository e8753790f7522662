"""Times, lengths, money and amounts as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.wording import formats
from app.wording import rules as rule_texts
from app.wording.phones import tel_uri
from booking.errors.schedule_errors import SlotTaken, Violation
from booking.timespan import TimeSpan

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture(params=["en"])
def page(app, request):
    """A page in a language, by the clock of 23 November 2026."""
    with app.test_request_context("/", headers={"Accept-Language": request.param}):
        yield


def test_a_span_names_its_day_once(page):
    assert formats.format_span(TimeSpan(utc(2026, 11, 24, 6, 30), utc(2026, 11, 24, 10, 35)), BERLIN) == (
        "Tue 24 November, 7:30 to 11:35"
    )


def test_a_span_over_midnight_names_both_days_and_another_year(page):
    assert formats.format_span(TimeSpan(utc(2026, 12, 31, 20), utc(2027, 1, 1, 5)), BERLIN) == (
        "Thu 31 December, 21:00 to Fri 1 January 2027, 6:00"
    )


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "9:00–11:00"),
        (6, "Mon 9:00–Sun 11:00"),
        (7, "4 Jan 9:00–11 Jan 11:00"),  # "Mon to Mon" would be read as one day
        (-9, "26 Dec 2026 9:00–4 Jan 2027 11:00"),
    ],
)
def test_a_short_span_of_more_than_six_days_has_dates(page, days, text):
    first, last = sorted((utc(2027, 1, 4, 8), utc(2027, 1, 4, 8) + timedelta(days=days)))

    assert formats.format_clock_span(TimeSpan(first, last + timedelta(hours=2)), BERLIN) == text


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("08841 / 12 34-5", "tel:0884112345"),
        ("+49 (0) 8841 1234", "tel:+4988411234"),
        ("(08841) 1234", "tel:088411234"),
        ("bei Hans 1234", "tel:1234"),
    ],
)
def test_a_phone_number_is_dialled_however_it_is_typed(number, address):
    assert tel_uri(number) == address


def test_a_span_until_midnight_stays_on_its_day(page):
    assert formats.format_span(TimeSpan(utc(2026, 11, 24, 20), utc(2026, 11, 24, 23)), BERLIN) == (
        "Tue 24 November, 21:00 to 24:00"
    )


def test_whole_days_end_on_their_last_day_and_not_on_the_day_after(page):
    assert formats.format_span(TimeSpan(utc(2026, 11, 23, 23), utc(2026, 11, 25, 23)), BERLIN) == (
        "Tue 24 November, 0:00 to Wed 25 November, 24:00"
    )
    assert formats.format_end(utc(2026, 12, 31, 23), BERLIN) == "Thu 31 December, 24:00"


def test_the_repeated_hour_of_autumn_is_distinguished(page):
    assert formats.format_clock(utc(2026, 10, 25, 0, 30), BERLIN) == "2:30 (first)"
    assert formats.format_clock(utc(2026, 10, 25, 1, 30), BERLIN) == "2:30 (second)"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(hours=4, minutes=5), "4 h 5 min"),
        (45 * 60, "45 min"),
        (0, "0 min"),
        (26 * 3600, "26 h"),
        (200_000, "2 days 7 h 33 min"),
    ],
)
def test_lengths_are_hours_and_minutes(page, length, words):
    assert formats.format_length(length) == words


@pytest.mark.parametrize("page", ["de"], indirect=True)
def test_money_and_amounts_follow_the_language_german(page):
    assert formats.format_money(123450) == "1.234,50\xa0€"
    assert formats.format_amount(1250, "ha").startswith("12,50")


def test_money_and_amounts_follow_the_language(page):
    assert formats.format_money(123450) == "€1,234.50"
    assert formats.format_amount(5400, "hour") == "1 h 30 min"
    assert formats.format_amount(4_334_450, "hour") == "1,204 h 1 min"
    assert formats.format_amount(20, "hour") == "20 s"


def test_a_violation_is_a_sentence_with_its_values(page):
    notice = Violation("notice", "start", limit=utc(2026, 11, 24, 7), actual=utc(2026, 11, 23, 9))
    assert rule_texts.violation_sentence(notice, BERLIN) == (
        "The earliest possible start is Tue 24 November, 8:00; you asked for Mon 23 November, 10:00."
    )
    assert rule_texts.violation_sentence(Violation("longest", "end", limit=120, actual=150), BERLIN) == (
        "A reservation lasts at most 2 h; this one would last 2 h 30 min."
    )


def test_too_few_places_are_counted(page):
    span = TimeSpan(utc(2026, 11, 24, 7), utc(2026, 11, 24, 9))
    taken = SlotTaken(machine_id=1, span=span, short=span, places=12, places_free=11, machine_places=24)
    assert rule_texts.taken_sentence(taken, BERLIN) == (
        "Tue 24 November, 8:00 to 10:00: that would be 25 of 24 places. Needed: 12, free: 11."
    )
