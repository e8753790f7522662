"""Overruling: only rules about planning, only with a reason, and all broken rules are named where one stands."""

from __future__ import annotations

import pytest

from booking.errors.schedule_errors import RequestRefused, Violation
from booking.records.overruling import OF_RESERVING, Overruling, refuse_unless_overruled
from booking.rules.lending_rules import LENGTH_MINUTES_MAX

NOTICE, HORIZON = Violation("notice", "start"), Violation("horizon", "start")
INDUCTION = Violation("induction", "member")
REASON = Overruling("Anna fetches the key herself")


def refuse(violations, overruling):
    return refuse_unless_overruled(RequestRefused, violations, overruling, overrulable=OF_RESERVING)


def test_rules_about_planning_are_overruled_each_once():
    assert refuse([NOTICE, HORIZON, NOTICE], REASON) == ("notice", "horizon")
    assert refuse([], REASON) == refuse([], None) == ()


@pytest.mark.parametrize(
    ("violations", "overruling"),
    [
        ([NOTICE], None),
        ([NOTICE, INDUCTION], REASON),
        ([Violation("longest", "end", 60, LENGTH_MINUTES_MAX + 1)], REASON),
    ],
    ids=["without a reason", "a rule of safety", "longer than any reservation"],
)
def test_every_broken_rule_is_named_where_one_stands(violations, overruling):
    with pytest.raises(RequestRefused) as refused:
        refuse(violations, overruling)

    assert refused.value.violations == violations


def test_without_a_reason_nothing_can_be_overruled():
    with pytest.raises(ValueError, match="reason"):
        Overruling(" ")
