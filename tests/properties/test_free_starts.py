"""The free starts are exactly those that would be accepted, minute by minute, also across the clock change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.availability import daytime, starts
from booking.availability.accepted import SlotQuery
from booking.rules import lending_rules
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import RULE_FIELDS, Policy, RuleField
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = tuple((day, 8 * 60, 12 * 60) for day in range(5)) + tuple((day, 13 * 60, 24 * 60) for day in range(7))
# An ordinary Monday, and the evenings before the clock is put forward and back.
EVES = [
    datetime(2026, 11, 23, 6, tzinfo=UTC),
    datetime(2027, 3, 27, 18, tzinfo=UTC),
    datetime(2026, 10, 24, 18, tzinfo=UTC),
]
MINUTE, HOUR = 60, 3_600

NAMED = {
    "setup_min": st.sampled_from([0, 10, 45]),
    "cleaning_min": st.sampled_from([0, 20, 60]),
    "notice_hours": st.sampled_from([0, 2]),
    "horizon_days": st.sampled_from([1, 30]),
    "shortest_min": st.sampled_from([7, 30, 60]),
    "longest_min": st.sampled_from([240, 3 * 1440]),
    "step_min": st.sampled_from([5, 7, 15, 45, 60, 90, 1440]),
}


def values_of(rule: RuleField) -> st.SearchStrategy[int]:
    """A rule that is not named above, so that a new one is tried as well."""
    if rule.range is None:
        return st.booleans()
    most = rule.range.least + 45 if rule.range.most is None else min(rule.range.most, rule.range.least + 45)
    return st.sampled_from([rule.default, rule.range.least, most])


policies = st.builds(
    Policy,
    hours=st.sampled_from([ALWAYS, WEEKDAYS]).flatmap(
        lambda openings: st.builds(WeeklyHours, st.just(BERLIN), st.just(openings), st.sampled_from(["", "DE-BY"]))
    ),
    induction_kind_id=st.sampled_from([None, 1]),
    places=st.just(3),
    **{rule.name: NAMED.get(rule.name, values_of(rule)) for rule in RULE_FIELDS},
)
eligibilities = st.builds(
    MemberEligibility,
    inducted=st.sampled_from(
        [
            (),
            ((date(2026, 1, 1), date(2026, 10, 25)), (date(2026, 11, 24), date(2027, 3, 28))),
            ((date.min, date.max),),  # as other programs write no beginning and no end
        ]
    ),
    left_on=st.sampled_from([None, date(2026, 11, 23)]),
)


@st.composite
def held_places(draw, since):
    """Disjoint spans on three places, as whole minutes."""
    held = {}
    for place in (1, 2, 3):
        cuts = sorted(draw(st.sets(st.integers(-600, 3_600), max_size=6)))
        held[place] = [(since + a * MINUTE, since + b * MINUTE) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return held


@st.composite
def queries(draw):
    now = draw(st.sampled_from(EVES))
    policy = draw(policies)
    minutes = policy.step_min * draw(st.integers(1, 8))
    eligibility = draw(st.none() | eligibilities)
    query = SlotQuery(policy, (1, 2, 3), minutes, draw(st.integers(1, 3)), eligibility, now)
    return query, draw(held_places(int(now.timestamp())))


def would_be_accepted(query, held, start):
    """The rules and the table themselves, asked for one start."""
    policy = query.policy
    seconds = starts.seconds_from(start, query.minutes, policy)
    if seconds is None:
        return False
    span = TimeSpan(starts.from_timestamp(start), starts.from_timestamp(start + seconds))
    occupied = policy.occupied_by(span)
    taken = (int(occupied.start.timestamp()), int(occupied.end.timestamp()))
    spans = [span for place in held for span in held[place]]
    instants = {taken[0], *(since for since, _until in spans if taken[0] < since < taken[1])}
    free = min(len(held) - sum(since <= at < until for since, until in spans) for at in instants)
    if query.eligibility is None:
        policy = replace(policy, induction_kind_id=None)
    eligibility = query.eligibility or MemberEligibility()
    broken = lending_rules.check_request(span, query.places, policy, eligibility, asked_at=query.asked_at)
    return free >= query.places and not any(broken)


@settings(max_examples=80, deadline=None)
@given(queries())
def test_a_start_is_free_exactly_when_it_would_be_accepted(asked):
    query, held = asked
    now = int(query.asked_at.timestamp())
    within = (now - 2 * HOUR, now + 40 * HOUR)

    runs = query.accepted(held, within)

    free = [start for start in range(within[0], within[1] + 1, 5 * MINUTE) if any(a <= start <= b for a, b in runs)]
    accepted = [start for start in range(within[0], within[1] + 1, 5 * MINUTE) if would_be_accepted(query, held, start)]
    on_grid = [start for start in free if is_on_grid(query, start)]
    assert on_grid == accepted
    by_day = daytime.by_day(query, runs, within, None)
    allowed = query.allowed(within)
    for of_rules, intervals in ((allowed, runs), (daytime.allowed_by_day(query, allowed, within), by_day)):
        first = query.first(held, of_rules)
        assert first == (None if not intervals else seconds_of(query.span_from(intervals[0][0])))
    for run in runs:
        assert all(would_be_accepted(query, held, edge) for edge in run)


def seconds_of(span):
    return int(span.start.timestamp()), int(span.end.timestamp())


def is_on_grid(query, start):
    span = TimeSpan(starts.from_timestamp(start), starts.from_timestamp(start) + timedelta(seconds=1))
    return not any(violation.field == "start" for violation in lending_rules.check_step(span, query.policy))
