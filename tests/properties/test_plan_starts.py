"""What the plan offers as a start is what the rules accept, minute by minute: clock changes, steps, buffers, places."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.pages.plan.axis import day_axis
from app.pages.plan.segments import FAR, FREE, SHARED, Cuts, Frame, segments_of
from booking.availability import starts
from booking.models import Status
from booking.queries import BoardEntry, BoardMachine, BoardRow
from booking.rules import lending_rules
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
HALF_DAYS = tuple((day, 8 * 60, 12 * 60) for day in range(7)) + tuple((day, 13 * 60, 24 * 60) for day in range(7))
# An ordinary Monday, and the days on which the clock is put forward and back.
DAYS = (date(2026, 11, 23), date(2027, 3, 28), date(2026, 10, 25))
MINUTE = timedelta(minutes=1)

machine_rules = st.builds(
    MachineRules,
    setup_min=st.sampled_from([0, 10, 45]),
    cleaning_min=st.sampled_from([0, 20, 60]),
    notice_hours=st.sampled_from([0, 2]),
    horizon_days=st.sampled_from([1, 30]),
    shortest_min=st.sampled_from([7, 30, 60, 200]),
    longest_min=st.just(3 * 1440),
    step_min=st.sampled_from([5, 7, 15, 45, 60, 90, 1440]),
    may_span_closed_hours=st.booleans(),
)


def entry(number: int, start: datetime, end: datetime) -> BoardEntry:
    return BoardEntry(1, None, (number,), start, end, start, end, Status.CONFIRMED, 7, "Anna", "")


@st.composite
def rows(draw):
    span = day_axis(draw(st.sampled_from(DAYS)), BERLIN).span
    minutes = span.seconds // 60
    places = draw(st.sampled_from([1, 3]))
    entries = []
    for number in range(1, places + 1):
        cuts = sorted(draw(st.sets(st.integers(-60, minutes + 60), max_size=8)))
        entries += [
            entry(number, span.start + first * MINUTE, span.start + last * MINUTE)
            for first, last in zip(cuts[::2], cuts[1::2], strict=False)
        ]
    entries = [one for one in entries if one.occupied_until > span.start and one.occupied_from < span.end]
    hours = WeeklyHours(BERLIN, draw(st.sampled_from([ALWAYS, HALF_DAYS])))
    machine = BoardMachine(1, "saw", "Saw", "", places, 1, None, draw(machine_rules))
    in_order = tuple(sorted(entries, key=lambda one: one.occupied_from))
    now = span.start + draw(st.integers(-1500, minutes)) * MINUTE
    return BoardRow(machine, in_order, hours, tuple(hours.open_spans(span))), Frame(span, now)


def would_be_accepted(row: BoardRow, frame: Frame, start: datetime) -> bool:
    """Ask the rules, the entries and the frame themselves."""
    policy = row.policy
    seconds = starts.seconds_from(int(start.timestamp()), policy.shortest_allowed_min, policy)
    if seconds is None:
        return False
    span = TimeSpan(start, start + timedelta(seconds=seconds))
    occupied = policy.occupied_by(span)
    checks = (
        lending_rules.check_notice(span, policy, frame.now),
        lending_rules.check_length(span, policy),
        lending_rules.check_step(span, policy),
        lending_rules.check_hours(span, policy),
    )
    edges = {occupied.start, *(one.occupied_from for one in row.entries)}
    most = max(
        sum(one.places for one in row.entries if one.occupied_from <= at < one.occupied_until)
        for at in edges
        if occupied.start <= at < occupied.end
    )
    is_free = most < policy.places and frame.span.contains(occupied)
    return is_free and not any(violation for check in checks for violation in check)


@settings(max_examples=80, deadline=None)
@given(rows(), st.booleans())
def test_a_segment_offers_the_first_start_that_the_rules_accept(drawn, is_cut):
    row, frame = drawn
    noon = frame.span.start + timedelta(hours=12)
    cuts = Cuts([noon - timedelta(hours=6)], [noon], timedelta(hours=4)) if is_cut else Cuts()
    minutes = range(frame.span.seconds // 60)
    accepted = [start for n in minutes if would_be_accepted(row, frame, start := frame.span.start + n * MINUTE)]

    segments = segments_of(row, frame, cuts)
    latest = row.policy.latest_start(frame.now)

    for segment in segments:
        inside = [start for start in accepted if segment.start <= start < segment.end]
        if segment.kind == FAR:
            # The rules allow the last instant of the horizon; a free segment ends there, so the next one has it.
            assert set(inside) <= {latest}
            assert segment.starts_at is None
            continue
        assert segment.starts_at == next(iter(inside), None)
        assert not inside or segment.kind in (FREE, SHARED)
    assert all(one.end == other.start for one, other in pairwise(segments))
    assert set(accepted) <= {latest} or any(segment.starts_at for segment in segments)


@given(st.integers(0, 59))
def test_a_segment_of_many_places_that_goes_on_beyond_the_horizon_offers_its_last_instant(minute):
    frame = Frame(day_axis(date(2026, 11, 23), BERLIN).span, datetime(2026, 11, 22, 13, minute, tzinfo=UTC))
    latest = frame.now + timedelta(days=1)
    taken = entry(1, latest - timedelta(minutes=1), latest + timedelta(minutes=1))
    machine = BoardMachine(1, "rack", "Rack", "", 3, 1, None, MachineRules(horizon_days=1, shortest_min=1, step_min=1))
    hours = WeeklyHours(BERLIN, ALWAYS)

    (shared,) = (
        segment
        for segment in segments_of(BoardRow(machine, (taken,), hours, (frame.span,)), frame, Cuts())
        if segment.kind == SHARED and segment.start == latest
    )

    assert shared.starts_at == latest


def test_the_days_of_the_clock_change_are_among_those_tried():
    lengths = [day_axis(day, BERLIN).span.length for day in DAYS]

    assert lengths == [timedelta(hours=24), timedelta(hours=23), timedelta(hours=25)]
