"""Figures as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask_babel import force_locale

from app.wording.numbers import AmountError, parse_decimal, parse_length


@pytest.mark.parametrize(
    ("language", "text", "figure"),
    [
        ("de", "1.234,50", "1234.50"),
        ("de", "1.234", "1234"),
        ("de", "12,5", "12.5"),
        ("de", "12.5", "12.5"),
        ("de", "1.234.567,89", "1234567.89"),
        ("de", " 17,3 € ", "17.3"),
        ("en", "1,234.50", "1234.50"),
        ("en", "1,234", "1234"),
        ("en", "12.5", "12.5"),
        ("en", "12,5", "12.5"),
        ("en", "−3", "-3"),
        ("en", ".5", "0.5"),
    ],
)
def test_numbers_are_read_as_the_language_writes_them(app, language, text, figure):
    with app.test_request_context(), force_locale(language):
        assert parse_decimal(text) == Decimal(figure)


@pytest.mark.parametrize(
    "text", ["", "abc", "=1+1", "1e5", "NaN", "Infinity", "1.2.3,4,5", "1,2,3", "12..5", "٣", "9" * 20, "1-2"]
)
def test_what_is_not_a_number_is_refused_with_a_message(app, text):
    with app.test_request_context(), pytest.raises(AmountError, match=r"\w"):
        parse_decimal(text)


def test_parts_of_a_cent_are_refused(app):
    with app.test_request_context(), pytest.raises(AmountError):
        parse_decimal("1.234567", decimals=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4:14", 15_240),
        ("0:15:30", 930),
        ("4 h 14 min", 15_240),
        ("4 Std. 14 Min.", 15_240),
        ("254 min", 15_240),
        ("90 s", 90),
        ("2 hours", 7_200),
        ("4.25", None),
        ("4:75", None),
        ("-1:00", None),
        ("h", None),
        ("", None),
    ],
)
def test_lengths_are_read_as_people_say_them(text, seconds):
    assert parse_length(text) == seconds
