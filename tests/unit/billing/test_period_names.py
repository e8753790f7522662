"""The accounting periods by name: the last one that is over."""

from __future__ import annotations

from datetime import date

import pytest

from billing.period_names import last_over


@pytest.mark.parametrize(
    ("today", "length", "name"),
    [
        (date(2026, 12, 31), "year", "2025"),
        (date(2027, 1, 1), "year", "2026"),
        (date(2026, 11, 30), "month", "2026-10"),
        (date(2026, 1, 31), "month", "2025-12"),
    ],
)
def test_a_period_is_over_on_the_day_after_its_last(today, length, name):
    assert last_over(today, length).name == name
