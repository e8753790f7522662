"""Which amounts of a use are possible, at both borders."""

from __future__ import annotations

import pytest

from booking.use.use_limits import AMOUNT_MAX, check_amount


@pytest.mark.parametrize("amount", [None, 0, 1, AMOUNT_MAX])
def test_nothing_and_the_largest_amount_are_possible(amount):
    assert check_amount(amount) == []


@pytest.mark.parametrize(
    ("amount", "rule", "limit"), [(-1, "amount_negative", 0), (AMOUNT_MAX + 1, "amount_too_large", AMOUNT_MAX)]
)
def test_less_than_nothing_and_more_than_the_largest_are_refused(amount, rule, limit):
    (violation,) = check_amount(amount)
    assert (violation.rule, violation.field, violation.limit, violation.actual) == (rule, "amount", limit, amount)
