"""What a machine is lent under unless its manager says otherwise, and what follows from its rules."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from booking.rules.lending_rules import RULE_FIELDS, MachineRules, Policy
from booking.times.opening_hours import ALWAYS, WeeklyHours

A_YEAR = 366 * 24 * 60


def policy(**rules):
    return Policy(hours=WeeklyHours(ZoneInfo("Europe/Berlin"), ALWAYS), induction_kind_id=None, places=1, **rules)


def test_a_new_machine_is_lent_under_these_rules_and_others_lie_within_these_limits():
    rules = {
        rule.name: (rule.default, rule.range and (rule.range.least, rule.range.most, rule.range.highest))
        for rule in RULE_FIELDS
    }

    assert rules == {
        "setup_min": (0, (0, None, 44_640)),
        "cleaning_min": (0, (0, None, 44_640)),
        "notice_hours": (0, (0, None, 8_784)),
        "horizon_days": (365, (1, None, 36_600)),
        "shortest_min": (30, (1, None, A_YEAR)),
        "longest_min": (20_160, (1, A_YEAR, A_YEAR)),
        "step_min": (15, (1, None, A_YEAR)),
        "is_open_always": (False, None),
        "may_span_closed_hours": (False, None),
        "needs_approval": (False, None),
        "needs_second_person": (False, None),
        "decision_hours": (48, (1, None, 8_784)),
        "late_cancel_hours": (24, (0, None, 8_784)),
        "offer_hours": (24, (1, None, 8_784)),
    }
    assert {rule.name for rule in RULE_FIELDS if rule.is_switch} == {
        "is_open_always",
        "may_span_closed_hours",
        "needs_approval",
        "needs_second_person",
    }


@pytest.mark.parametrize(
    ("setup_min", "cleaning_min", "has_buffers"), [(0, 0, False), (15, 0, True), (0, 15, True), (15, 15, True)]
)
def test_a_machine_has_buffers_when_it_needs_set_up_or_cleaning(setup_min, cleaning_min, has_buffers):
    assert MachineRules(setup_min=setup_min, cleaning_min=cleaning_min).has_buffers is has_buffers


@pytest.mark.parametrize(("step_min", "grid_seconds"), [(1, 60), (15, 900), (60, 3600), (90, 3600), (1440, 3600)])
def test_starts_lie_on_the_step_and_at_least_on_every_full_hour(step_min, grid_seconds):
    assert policy(step_min=step_min).grid_seconds == grid_seconds


@pytest.mark.parametrize(
    ("shortest_min", "step_min", "shortest_allowed_min"), [(30, 15, 30), (31, 15, 45), (10, 60, 60), (60, 60, 60)]
)
def test_the_shortest_length_that_can_be_had_keeps_the_step(shortest_min, step_min, shortest_allowed_min):
    assert policy(shortest_min=shortest_min, step_min=step_min).shortest_allowed_min == shortest_allowed_min


@pytest.mark.parametrize(("step_min", "is_lent_by_day"), [(720, False), (1440, True), (2880, True), (1500, False)])
def test_a_machine_whose_step_is_whole_days_is_lent_by_the_day(step_min, is_lent_by_day):
    assert policy(step_min=step_min).is_lent_by_day is is_lent_by_day
