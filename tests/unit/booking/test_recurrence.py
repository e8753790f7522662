"""The rule of a series: what it means by the clock, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.errors.schedule_errors import SeriesRefused
from booking.times.recurrence import LAST, OCCURRENCES_MAX, Frequency, RecurrenceRule, parse

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 12, 4, 8)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("rrule", "days"),
    [
        ("FREQ=DAILY;COUNT=3", "12-04 12-05 12-06"),
        ("FREQ=DAILY;INTERVAL=3;UNTIL=20261211", "12-04 12-07 12-10"),
        ("FREQ=WEEKLY;COUNT=2", "12-04 12-11"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20270101T070000Z", "12-04 12-18 01-01"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20270101T065959Z", "12-04 12-18"),
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4;WKST=MO", "12-04 12-07 12-11 12-14"),
        ("freq=monthly;count=3", "12-04 01-04 02-04"),
        ("FREQ=MONTHLY;BYMONTHDAY=4;COUNT=2", "12-04 01-04"),
        ("FREQ=MONTHLY;BYDAY=1FR;COUNT=3", "12-04 01-01 02-05"),
    ],
)
def test_a_rule_gives_its_days(rrule, days):
    rule = parse(rrule, FRIDAY, BERLIN)

    assert " ".join(f"{start:%m-%d}" for start in rule.starts(FRIDAY)) == days
    assert {start.time() for start in rule.starts(FRIDAY)} == {FRIDAY.time()}
    assert parse(rule.to_rrule(), FRIDAY, BERLIN) == rule
    assert parse(rule.to_rrule(FRIDAY, BERLIN), FRIDAY, BERLIN) == rule


def test_a_month_without_the_day_has_no_date_and_the_last_one_always_has_it():
    start = datetime(2027, 1, 29, 8)  # noqa: DTZ001
    last_friday = RecurrenceRule(Frequency.MONTHLY, nth_weekday=(LAST, 4), count=3)
    fifth = RecurrenceRule(Frequency.MONTHLY, nth_weekday=(5, 4), count=3)
    on_31st = RecurrenceRule(Frequency.MONTHLY, month_day=31, count=3)
    last_day = RecurrenceRule(Frequency.MONTHLY, month_day=LAST, count=3)

    assert [day.date().isoformat() for day in last_friday.starts(start)] == ["2027-01-29", "2027-02-26", "2027-03-26"]
    assert [day.date().isoformat() for day in fifth.starts(start)] == ["2027-01-29", "2027-04-30", "2027-07-30"]
    end_of_january = start.replace(day=31)
    assert [day.month for day in on_31st.starts(end_of_january)] == [1, 3, 5]
    assert [day.month for day in last_day.starts(end_of_january)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("rrule", "rule"),
    [
        ("", "series_malformed"),
        ("every friday", "series_malformed"),
        ("FREQ=WEEKLY;FREQ=DAILY;COUNT=2", "series_malformed"),
        ("FREQ=WEEKLY;COUNT=two", "series_malformed"),
        ("FREQ=WEEKLY;COUNT=-2", "series_malformed"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "series_malformed"),
        ("FREQ=WEEKLY;UNTIL=20261340", "series_malformed"),
        ("FREQ=WEEKLY;UNTIL=00010101T000000Z", "series_malformed"),
        ("FREQ=WEEKLY;COUNT=2;X-EVIL=1", "series_malformed"),
        ("INTERVAL=2;COUNT=2", "series_malformed"),
        ("FREQ=HOURLY;COUNT=2", "series_frequency"),
        ("FREQ=SECONDLY;COUNT=100000", "series_frequency"),
        ("FREQ=YEARLY;COUNT=2", "series_frequency"),
        ("FREQ=WEEKLY", "series_endless"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20270101", "series_two_ends"),
        ("FREQ=WEEKLY;COUNT=0", "series_too_long"),
        ("FREQ=DAILY;COUNT=10000", "series_too_long"),
        ("FREQ=DAILY;UNTIL=20270704", "series_too_long"),
        ("FREQ=DAILY;UNTIL=99991231", "series_too_long"),
        ("FREQ=MONTHLY;INTERVAL=12;COUNT=200", "series_too_far"),
        ("FREQ=MONTHLY;UNTIL=20370101", "series_too_far"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", "series_interval"),
        ("FREQ=WEEKLY;INTERVAL=1000;COUNT=2", "series_interval"),
        ("FREQ=WEEKLY;UNTIL=20261101", "series_until_past"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "series_start"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2", "series_start"),
        ("FREQ=MONTHLY;BYDAY=2FR;COUNT=2", "series_start"),
        ("FREQ=DAILY;BYHOUR=8,9;COUNT=2", "series_part"),
        ("FREQ=DAILY;BYDAY=FR;COUNT=2", "series_part"),
        ("FREQ=WEEKLY;WKST=SU;COUNT=2", "series_part"),
        ("FREQ=MONTHLY;BYDAY=FR;COUNT=2", "series_part"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=1;COUNT=2", "series_part"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=2", "series_part"),
    ],
)
def test_a_rule_that_no_form_could_make_is_refused_by_name(rrule, rule):
    with pytest.raises(SeriesRefused) as refusal:
        parse(rrule, FRIDAY, BERLIN).starts(FRIDAY, OCCURRENCES_MAX)

    assert [violation.rule for violation in refusal.value.violations] == [rule]
    assert {violation.field for violation in refusal.value.violations} == {"rrule"}


@pytest.mark.parametrize(("most", "last"), [(OCCURRENCES_MAX, date(2027, 6, 21)), (1000, date(2029, 8, 29))])
def test_the_most_dates_are_as_many_as_are_allowed_and_a_refusal_has_the_number(most, last):
    for rule, more in (
        (RecurrenceRule(Frequency.DAILY, until=last), {"until": last + timedelta(days=1)}),
        (RecurrenceRule(Frequency.DAILY, count=most), {"count": most + 1}),
    ):
        assert len(rule.starts(FRIDAY, most)) == most
        with pytest.raises(SeriesRefused) as refusal:
            replace(rule, **more).starts(FRIDAY, most)
        (one,) = refusal.value.violations
        assert (one.rule, one.field, one.limit, one.actual) == ("series_too_long", "rrule", most, more.get("count"))
    assert OCCURRENCES_MAX == 200
