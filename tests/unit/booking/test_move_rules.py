"""Another span of a reservation: keeping less is judged by length and step alone, more for what is added."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import MachineRules, Policy
from booking.rules.move_rules import Held, check_asking, check_move
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)  # midnight
MORNING = tuple((day, 8 * 60, 12 * 60) for day in range(5))
ASKED = datetime(2026, 11, 23, 7, tzinfo=BERLIN).astimezone(UTC)
INDUCTED = MemberEligibility(inducted=((date(2026, 1, 1), date(2026, 11, 23)),))


def span(start: float, end: float) -> TimeSpan:
    """From hour to hour of Monday by the clock."""
    return TimeSpan(*((MONDAY + timedelta(hours=each)).astimezone(UTC) for each in (start, end)))


def policy(**changes) -> Policy:
    hours = WeeklyHours(BERLIN, changes.pop("openings", ALWAYS))
    kind = changes.pop("induction_kind_id", None)
    places = changes.pop("places", 4)
    return Policy.of(replace(MachineRules(), **changes), hours=hours, induction_kind_id=kind, places=places)


def broken(wished, held, machine, *, places=1, held_places=1, is_out=False, eligibility=None, now=ASKED):
    found = check_move(
        wished,
        places,
        Held(held, held_places, is_out),
        machine,
        eligibility or MemberEligibility(),
        asked_at=now,
    )
    return [(each.rule, each.field) for each in found]


EVERYTHING_CHANGED = {
    "notice_hours": 48,
    "horizon_days": 1,
    "longest_min": 60,
    "openings": ((6, 0, 60),),
    "induction_kind_id": 1,
    "places": 1,
}


@pytest.mark.parametrize("is_out", [False, True])
def test_keeping_less_breaks_no_rule_that_was_made_since(is_out):
    gone = MemberEligibility(left_on=date(2026, 1, 1))
    machine = policy(**EVERYTHING_CHANGED)

    assert broken(span(8, 11), span(8, 12), machine, is_out=is_out, eligibility=gone) == []
    assert broken(span(8, 12), span(8, 12), machine, places=2, held_places=3, is_out=is_out, eligibility=gone) == []


@pytest.mark.parametrize(
    ("wished", "changes", "rules"),
    [
        (span(9, 12), {}, []),
        (span(8, 8.25), {}, [("shortest", "end")]),
        (span(8.1, 12), {}, [("step", "start")]),
        (span(8, 11.9), {}, [("step", "end")]),
        (span(8, 11), {"step_min": 120}, [("step", "end")]),
        (span(8, 10), {"step_min": 120, "shortest_min": 180}, [("shortest", "end")]),
    ],
)
def test_keeping_less_is_judged_by_length_and_step(wished, changes, rules):
    assert broken(wished, span(8, 12), policy(**changes)) == rules


def test_what_was_promised_off_the_present_step_can_still_be_shortened_by_whole_steps():
    assert broken(span(8.25, 11), span(8.25, 12), policy(step_min=60)) == []
    assert broken(span(8.25, 11.25), span(8.25, 12), policy(step_min=60)) == []  # whole steps again
    assert broken(span(8.25, 11.5), span(8.25, 12), policy(step_min=60)) == [("step", "end")]


def test_the_new_end_lies_ahead_and_at_least_one_place_is_kept():
    assert broken(span(8, 9), span(8, 12), policy(), now=span(9, 10).start) == [("past", "end")]
    assert broken(span(8, 11), span(8, 12), policy(), now=span(9, 10).start) == []
    assert broken(span(8, 12), span(8, 12), policy(), places=0) == [("places", "places")]


@pytest.mark.parametrize(
    ("wished", "changes", "rules"),
    [
        (span(8, 13), {"notice_hours": 48}, [("notice", "end")]),
        (span(7.5, 12), {"notice_hours": 48}, [("notice", "start")]),
        (span(8, 13), {"notice_hours": 3}, []),
        (span(8, 13), {"openings": MORNING}, [("opening_hours", "start")]),
        (span(8, 13), {"openings": tuple((day, 12 * 60, 20 * 60) for day in range(5))}, []),
        (span(8, 13), {"longest_min": 240}, [("longest", "end")]),
        (span(8, 13), {"shortest_min": 600}, []),
        (span(9, 14), {"openings": tuple((day, 9 * 60, 20 * 60) for day in range(5))}, []),
        (span(14, 15), {"notice_hours": 48, "openings": MORNING}, [("notice", "start"), ("opening_hours", "start")]),
    ],
)
def test_more_is_judged_for_what_is_added(wished, changes, rules):
    assert broken(wished, span(8, 12), policy(**changes)) == rules


def test_a_machine_that_may_span_closed_hours_needs_them_only_at_its_new_end():
    machine = policy(openings=MORNING, may_span_closed_hours=True)

    assert broken(span(8, 33), span(8, 12), machine) == []
    assert broken(span(8, 20), span(8, 12), machine) == [("opening_hours_at_ends", "end")]
    assert broken(span(13, 33), span(13, 20), machine) == []  # its start was promised


def test_a_longer_span_is_never_judged_more_strictly_than_a_new_wish():
    held = span(24 * 30 - 16, 24 * 30 + 8)  # it begins within a horizon of 30 days and ends beyond

    assert broken(span(24 * 30 - 16, 24 * 30 + 9), held, policy(horizon_days=30)) == []
    late = span(24 * 31, 24 * 31 + 4)
    assert broken(span(24 * 31, 24 * 31 + 5), late, policy(horizon_days=30)) == [("horizon", "end")]


def test_induction_and_membership_count_for_the_added_days():
    machine = policy(induction_kind_id=1)

    assert broken(span(8, 13), span(8, 12), machine, eligibility=INDUCTED) == []
    assert broken(span(8, 30), span(8, 12), machine, eligibility=INDUCTED) == [("induction", "member")]
    ended = MemberEligibility(inducted=((date(2026, 1, 1), date(2026, 11, 22)),))
    assert broken(span(8, 13), span(8, 12), machine, eligibility=ended) == [("induction", "member")]


def test_of_a_machine_that_is_out_the_end_moves_without_notice_and_nothing_else():
    now, held = span(9, 10).start, span(8, 12)

    assert broken(span(8, 14), held, policy(notice_hours=48), is_out=True, now=now) == []
    assert broken(span(8, 14), held, policy(notice_hours=48), now=now) == [("notice", "end")]
    assert broken(span(9, 12), held, policy(), is_out=True, now=now) == [("in_use", "start")]
    assert broken(span(8, 12), held, policy(), places=2, is_out=True, now=now)[0] == ("in_use", "places")


def test_more_places_are_a_new_wish_for_all_of_the_span():
    assert broken(span(8, 12), span(8, 12), policy(notice_hours=48), places=2) == [("notice", "start")]
    assert broken(span(8, 12), span(8, 12), policy(), places=5) == [("places", "places")]


def test_what_is_asked_for_in_time_is_judged_for_what_is_added_alone():
    machine = policy(notice_hours=48)

    def late(wished, held):
        return [(one.rule, one.field) for one in check_asking(wished, 1, held, machine, ASKED)]

    assert late(span(8, 13), None) == [("notice", "start")]
    assert late(span(8, 13), Held(span(8, 12), 1, False)) == [("notice", "end")]
    assert late(span(8, 11), Held(span(8, 12), 1, False)) == []
