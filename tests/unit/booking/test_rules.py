"""The house rules in a table: what a wish is, and what the ring says to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from booking.errors.schedule_errors import Violation
from booking.records.overruling import OF_RESERVING, QUOTAS
from booking.rules import lending_rules
from booking.rules.eligibility import MemberEligibility, SecondPerson
from booking.rules.lending_rules import Policy
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
ROUND_THE_CLOCK = WeeklyHours(BERLIN, ALWAYS)
WEEKDAYS = WeeklyHours(BERLIN, tuple((day, 8 * 60, 18 * 60) for day in range(5)))
LASER = 7

POLICY = Policy(
    hours=ROUND_THE_CLOCK,
    setup_min=0,
    cleaning_min=0,
    notice_hours=0,
    horizon_days=365,
    shortest_min=30,
    longest_min=14 * 1440,
    step_min=15,
    needs_approval=False,
    decision_hours=48,
    late_cancel_hours=24,
    induction_kind_id=None,
    places=1,
)


def at(text: str) -> datetime:
    """An instant by the clock of Berlin: "2026-11-23 08:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def wish(start: str, end: str) -> TimeSpan:
    return TimeSpan(at(start), at(end))


NOW = at("2026-11-23 08:00")  # a Monday
NO_INDUCTION = MemberEligibility()


def said(
    span: TimeSpan,
    *,
    places: int = 1,
    eligibility: MemberEligibility = NO_INDUCTION,
    now: datetime = NOW,
    **policy,
):
    violations = lending_rules.check_request(span, places, replace(POLICY, **policy), eligibility, asked_at=now)
    return [(violation.rule, violation.field, violation.limit, violation.actual) for violation in violations]


def test_a_wish_that_keeps_every_rule_has_no_violations():
    assert said(wish("2026-11-24 09:00", "2026-11-24 11:30")) == []


@pytest.mark.parametrize(
    ("start", "notice_hours", "rule", "limit"),
    [
        ("2026-11-23 08:00", 0, None, None),
        ("2026-11-23 07:45", 0, "past", "2026-11-23 08:00"),
        ("2026-11-24 08:00", 24, None, None),
        ("2026-11-24 07:45", 24, "notice", "2026-11-24 08:00"),
        ("2026-11-23 07:45", 24, "past", "2026-11-23 08:00"),
    ],
)
def test_a_reservation_begins_after_the_notice(start, notice_hours, rule, limit):
    span = TimeSpan(at(start), at(start) + timedelta(hours=1))

    expected = [] if rule is None else [(rule, "start", at(limit), span.start)]
    assert said(span, notice_hours=notice_hours) == expected


@pytest.mark.parametrize(
    ("start", "is_refused"), [("2026-12-03 08:00", False), ("2026-12-03 08:15", True), ("2027-12-03 08:00", True)]
)
def test_a_reservation_begins_within_the_horizon(start, is_refused):
    span = TimeSpan(at(start), at(start) + timedelta(hours=1))

    expected = [("horizon", "start", at("2026-12-03 08:00"), span.start)] if is_refused else []
    assert said(span, horizon_days=10) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (30, []),
        (15, [("shortest", "end", 30, 15)]),
        (240, []),
        (255, [("longest", "end", 240, 255)]),
    ],
)
def test_a_reservation_is_neither_too_short_nor_too_long(minutes, expected):
    start = at("2026-11-24 09:00")

    assert said(TimeSpan(start, start + timedelta(minutes=minutes)), longest_min=240) == expected


@pytest.mark.parametrize(
    ("start", "end", "step_min", "expected"),
    [
        ("09:15", "10:45", 15, None),
        ("09:10", "10:10", 15, ("start", 15)),
        ("09:15", "10:20", 15, ("end", 15)),
        ("09:30", "11:30", 60, ("start", 60)),
        ("09:00", "10:30", 60, ("end", 60)),
        ("09:00", "13:00", 240, None),  # a long step binds the length only
        ("09:00", "11:00", 240, ("end", 240)),
        ("09:10", "13:10", 240, ("start", 60)),  # fetched at any full hour, not at any minute
        ("09:45", "11:15", 45, None),  # 09:45 is thirteen times 45 minutes after midnight
        ("09:30", "11:00", 45, ("start", 45)),
    ],
)
def test_starts_and_lengths_keep_the_step(start, end, step_min, expected):
    span = wish(f"2026-11-24 {start}", f"2026-11-24 {end}")

    told = [(rule, field, limit) for rule, field, limit, _ in said(span, step_min=step_min)]
    assert told == ([] if expected is None else [("step", *expected)])


def test_a_length_off_the_step_is_reported_in_whole_minutes():
    assert said(wish("2026-11-24 09:15", "2026-11-24 10:20")) == [("step", "end", 15, 65)]
    assert said(wish("2026-11-24 09:15", "2026-11-24 10:20:30")) == [("step", "end", 15, 65)]


def test_a_length_just_beyond_the_limits_is_reported_as_such():
    start = at("2026-11-24 09:00")

    def lasting(seconds):
        return lending_rules.check_length(
            TimeSpan(start, start + timedelta(seconds=seconds)), replace(POLICY, longest_min=240)
        )

    assert [(one.rule, one.actual) for one in lasting(30 * 60 - 1)] == [("shortest", 29)]
    assert [(one.rule, one.actual) for one in lasting(240 * 60 + 1)] == [("longest", 241)]
    assert list(lasting(30 * 60)) == list(lasting(240 * 60)) == []


def test_a_start_with_seconds_is_off_the_step():
    span = wish("2026-11-24 09:00:30", "2026-11-24 10:00:30")

    assert [rule for rule, *_ in said(span)] == ["step"]


@pytest.mark.parametrize(
    ("start", "end", "is_open"),
    [
        ("2026-11-24 08:00", "2026-11-24 18:00", True),
        ("2026-11-24 07:45", "2026-11-24 09:00", False),
        ("2026-11-24 17:00", "2026-11-24 18:15", False),
        ("2026-11-28 09:00", "2026-11-28 10:00", False),  # a Saturday
        ("2026-11-24 17:00", "2026-11-25 09:00", False),  # over a night that is closed
    ],
)
def test_a_machine_is_used_during_opening_hours(start, end, is_open):
    span = wish(start, end)

    assert said(span, hours=WEEKDAYS) == ([] if is_open else [("opening_hours", "start", None, span.start)])


@pytest.mark.parametrize(
    ("start", "end", "broken"),
    [
        ("2026-11-24 08:00", "2026-11-25 18:00", None),  # over a night
        ("2026-11-27 17:30", "2026-11-30 08:15", None),  # over a weekend
        ("2026-11-24 07:45", "2026-11-25 12:00", "start"),
        ("2026-11-24 18:00", "2026-11-25 12:00", "start"),  # at closing time nobody hands out
        ("2026-11-24 08:00", "2026-11-25 08:00", None),  # at opening time somebody takes it back
        ("2026-11-24 08:00", "2026-11-25 07:45", "end"),
        ("2026-11-24 08:00", "2026-11-28 12:00", "end"),
    ],
)
def test_a_machine_that_may_be_kept_over_closed_hours_is_fetched_and_brought_back_in_them(start, end, broken):
    span = wish(start, end)
    instants = {"start": span.start, "end": span.end}

    found = said(span, hours=WEEKDAYS, may_span_closed_hours=True)

    assert found == ([("opening_hours_at_ends", broken, None, instants[broken])] if broken else [])


def test_over_midnight_and_several_days_a_machine_open_round_the_clock_can_be_had():
    assert said(wish("2026-11-24 22:00", "2026-11-27 06:00")) == []


@pytest.mark.parametrize(("places", "is_refused"), [(-1, True), (0, True), (1, False), (24, False), (25, True)])
def test_places_lie_between_one_and_what_the_machine_has(places, is_refused):
    told = list(lending_rules.check_places(places, replace(POLICY, places=24)))
    assert told == ([Violation("places", "places", limit=24, actual=places)] if is_refused else [])


@pytest.mark.parametrize(
    ("inducted", "limit", "actual"),
    [
        ([], None, "2026-11-24"),
        ([("2025-11-25", "2026-11-23")], "2026-11-23", "2026-11-24"),
        ([("2025-11-25", "2026-11-24")], "2026-11-24", "2026-11-25"),  # ends during the reservation
        ([("2026-11-25", "2027-11-24")], "2027-11-24", "2026-11-24"),  # not given yet
        ([("2025-11-25", "2026-11-24"), ("2026-11-25", "2027-11-24")], None, None),  # renewed in time
        ([("2025-11-26", "2026-11-25")], None, None),
        ([("2025-11-26", "9999-12-31")], None, None),  # there is no day after it
    ],
)
def test_an_induction_holds_on_every_day_of_the_reservation(inducted, limit, actual):
    days = tuple((date.fromisoformat(given), date.fromisoformat(until)) for given, until in inducted)
    span = wish("2026-11-24 20:00", "2026-11-26 00:00")  # ends with the 25th

    told = said(span, eligibility=MemberEligibility(inducted=days), induction_kind_id=LASER)

    expected_limit = date.fromisoformat(limit) if limit else None
    expected = [("induction", "member", expected_limit, date.fromisoformat(actual))] if actual else []
    assert told == expected


@pytest.mark.parametrize("in_order", [sorted, partial(sorted, reverse=True)], ids=["oldest first", "newest first"])
def test_a_renewed_induction_counts_in_whatever_order_both_were_entered(in_order):
    old, new = ((date(2025, 11, 25), date(2026, 11, 24)), (date(2026, 11, 25), date(2027, 11, 24)))
    over_the_renewal = wish("2026-11-24 20:00", "2026-11-26 00:00")
    eligibility = MemberEligibility(inducted=tuple(in_order([old, new])))

    assert said(over_the_renewal, eligibility=eligibility, induction_kind_id=LASER) == []


@pytest.mark.parametrize(("left_on", "is_refused"), [("2026-11-23", True), ("2026-11-24", True), ("2026-11-25", False)])
def test_a_member_who_leaves_reserves_up_to_the_last_day(left_on, is_refused):
    eligibility = MemberEligibility(left_on=date.fromisoformat(left_on))

    told = said(wish("2026-11-24 20:00", "2026-11-25 06:00"), eligibility=eligibility)

    assert [rule for rule, *_ in told] == (["member_left"] if is_refused else [])


@pytest.mark.parametrize(
    ("left_on", "first_day_not_allowed"),
    [("2026-11-20", "2026-11-24"), ("2026-11-23", "2026-11-24"), ("2026-11-24", "2026-11-25")],
)
def test_a_former_member_gets_the_first_day_that_is_not_allowed(left_on, first_day_not_allowed):
    left = date.fromisoformat(left_on)

    told = said(wish("2026-11-24 20:00", "2026-11-26 06:00"), eligibility=MemberEligibility(left_on=left))

    assert told == [("member_left", "member", left, date.fromisoformat(first_day_not_allowed))]


def test_a_reservation_until_midnight_ends_with_the_day_before():
    last_day = MemberEligibility(left_on=date(2026, 11, 24))

    assert said(wish("2026-11-24 20:00", "2026-11-25 00:00"), eligibility=last_day) == []


@pytest.mark.parametrize(("end", "is_over"), [("07:59", True), ("08:00", True), ("08:15", False)])
def test_a_reservation_of_another_program_is_refused_once_it_is_over(end, is_over):
    span = wish("2026-11-23 06:00", f"2026-11-23 {end}")

    broken = lending_rules.check_imported(span, 1, replace(POLICY, notice_hours=24), NO_INDUCTION, now=NOW)

    assert list(broken) == ([Violation("past", "end", limit=NOW, actual=span.end)] if is_over else [])


def test_a_reservation_of_another_program_obeys_the_rules_of_use():
    span = wish("2028-01-10 09:00", "2028-01-10 09:10")  # far beyond the horizon, which does not matter

    broken = lending_rules.check_imported(span, 2, POLICY, NO_INDUCTION, now=NOW)

    assert [violation.rule for violation in broken] == ["shortest", "step", "places"]


def test_an_ended_reservation_has_no_other_violation():
    broken = lending_rules.check_imported(
        wish("2026-11-20 09:00", "2026-11-20 09:10"), 2, POLICY, NO_INDUCTION, now=NOW
    )

    assert [violation.rule for violation in broken] == ["past"]


def test_all_violations_are_reported_together():
    span = wish("2026-11-28 09:10", "2026-11-28 09:20")

    told = said(span, places=2, notice_hours=240, hours=WEEKDAYS, induction_kind_id=LASER)

    assert [rule for rule, *_ in told] == ["notice", "shortest", "step", "opening_hours", "places", "induction"]


# Clock changes: in 2026 the clock is put back on 25 October, in 2027 put forward on 28 March.


def test_a_night_of_nine_hours_is_nine_hours_long():
    night = wish("2026-10-24 22:00", "2026-10-25 06:00")

    assert night.seconds == 9 * 3_600
    assert said(night, longest_min=8 * 60, now=at("2026-10-20 08:00")) == [("longest", "end", 480, 540)]
    assert said(night, longest_min=9 * 60, now=at("2026-10-20 08:00")) == []


def test_a_night_of_seven_hours_is_seven_hours_long():
    night = wish("2027-03-27 22:00", "2027-03-28 06:00")

    assert night.seconds == 7 * 3_600
    assert said(night, shortest_min=8 * 60) == [("shortest", "end", 480, 420)]


@pytest.mark.parametrize(
    ("start", "end"), [("2026-10-24 08:00", "2026-10-26 08:00"), ("2027-03-27 08:00", "2027-03-29 08:00")]
)
def test_a_machine_lent_by_the_day_counts_days_of_the_clock(start, end):
    assert said(wish(start, end), step_min=1440, shortest_min=2880, longest_min=2880, now=at("2026-10-20 08:00")) == []


def test_set_up_and_cleaning_are_real_time():
    # The print ends in the first of the two hours that begin at 2; by the clock, cleaning seems to take half an hour.
    end = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    span = TimeSpan(end - timedelta(hours=4), end)

    occupied = replace(POLICY, setup_min=15, cleaning_min=90).occupied_by(span)

    assert (span.start - occupied.start, occupied.end - span.end) == (timedelta(minutes=15), timedelta(minutes=90))
    assert occupied.end == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)  # 3:00, after the clock was put back


NOBODY_ELSE = MemberEligibility(second=SecondPerson(""))
OVERRULED = {
    "notice": (wish("2026-11-23 09:00", "2026-11-23 10:00"), {"notice_hours": 48}),
    "horizon": (wish("2027-11-24 09:00", "2027-11-24 10:00"), {"horizon_days": 30}),
    "opening_hours": (wish("2026-11-29 09:00", "2026-11-29 10:00"), {"hours": WEEKDAYS}),
    "opening_hours_at_ends": (
        wish("2026-11-28 09:00", "2026-11-30 09:00"),
        {"hours": WEEKDAYS, "may_span_closed_hours": True},
    ),
    "shortest": (wish("2026-11-24 09:00", "2026-11-24 10:00"), {"shortest_min": 120}),
    "longest": (wish("2026-11-24 09:00", "2026-11-24 11:00"), {"longest_min": 60}),
    "second_person_missing": (wish("2026-11-24 09:00", "2026-11-24 10:00"), {"needs_second_person": True}),
}


def test_each_rule_that_may_be_overruled_is_lifted_by_its_name_alone():
    assert OVERRULED.keys() == OF_RESERVING - QUOTAS
    for code, (span, changes) in OVERRULED.items():
        policy = replace(POLICY, **changes)
        others = policy.without(OVERRULED.keys() - {code})
        broken = [
            [one.rule for one in lending_rules.check_request(span, 1, each, NOBODY_ELSE, asked_at=NOW)]
            for each in (policy, others, policy.without({code}))
        ]
        is_of_hours = code.startswith("opening_hours")  # both codes mean the hours
        assert broken == [[code], [] if is_of_hours else [code], []], code
