"""Opening hours as the workshop's page says them."""

from __future__ import annotations

import pytest

from app.pages.workshop.hours import week_lines

WORKDAYS = [(day, 480, 1080) for day in range(5)]


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield


@pytest.mark.parametrize(
    ("openings", "lines"),
    [
        ([(day, 0, 1440) for day in range(7)], [("Monday to Sunday", "round the clock")]),
        ([], [("Monday to Sunday", "closed")]),
        (
            [*WORKDAYS, (5, 540, 720), (5, 780, 1020)],
            [
                ("Monday to Friday", "8:00–18:00"),
                ("Saturday", "9:00–12:00, 13:00–17:00"),
                ("Sunday", "closed"),
            ],
        ),
        (
            [(0, 480, 720), (2, 480, 720)],
            [
                ("Monday", "8:00–12:00"),
                ("Tuesday", "closed"),
                ("Wednesday", "8:00–12:00"),
                ("Thursday to Sunday", "closed"),
            ],
        ),
    ],
)
def test_days_with_equal_hours_are_grouped(openings, lines):
    assert week_lines(openings) == lines
