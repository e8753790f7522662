"""When maintenance is due at the present rate of use."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from booking.rules.maintenance_rate import due_day, is_due, rate_days

TODAY = date(2027, 2, 1)


@pytest.mark.parametrize(
    ("left", "recent", "days", "ahead"),
    [
        (33, 90, 90, 33),  # one a day
        (33, 76, 90, 40),  # 39.08 days: only the 40th uses it up
        (0, 90, 90, 0),
        (-5, 90, 90, 0),
        (33, 0, 90, None),
        (40, 1, 90, 3_600),
        (41, 1, 90, None),  # 3,690 days: later than ten years
    ],
)
def test_the_day_is_when_what_is_left_is_used_up(left, recent, days, ahead):
    assert due_day(TODAY, left, recent, days) == (None if ahead is None else TODAY + timedelta(days=ahead))


def test_reminders_begin_at_ninety_percent_exactly():
    assert [is_due(used, 250) for used in (224, 225, 250, 300)] == [False, True, True, True]
    assert not is_due(8, 9)


def test_a_machine_used_since_lately_is_judged_by_its_days_and_never_by_less_than_a_week():
    assert rate_days(None, TODAY) == rate_days(TODAY - timedelta(days=400), TODAY) == 90
    assert rate_days(TODAY - timedelta(days=19), TODAY) == 20
    assert rate_days(TODAY, TODAY) == 7
