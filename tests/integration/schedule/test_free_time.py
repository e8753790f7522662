"""Free time is what would be accepted: opening hours, buffers, notice, horizon, step, places and inductions kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest

from booking import availability
from booking.availability import FreeSpan, earliest
from booking.availability.search import slot_queries
from booking.availability.starts import DAY, floor_timestamp
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, SlotTaken
from booking.records import catalogue
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from tests.builders import hours, induct, machine, member, reserve, workshop
from tests.conftest import MONDAY


def free(session, machine_id, start, end, minutes=60, **wish):
    window = hours(MONDAY, start, end)
    spans = availability.free_spans(session, machine_id, window, minutes=minutes, now=MONDAY, **wish)
    return [((s.start - MONDAY) / timedelta(hours=1), (s.end - MONDAY) / timedelta(hours=1)) for s in spans]


def test_the_time_between_reservations_is_free(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 4.5, 6), now=MONDAY)

    assert free(session, sample_ring.combine, 0, 10) == [(0, 2), (6, 10)]
    assert free(session, sample_ring.combine, 0, 10, minutes=30) == [(0, 2), (4, 4.5), (6, 10)]


def test_set_up_and_cleaning_of_both_neighbours_are_kept(session, sample_ring):
    harvester = machine(session, sample_ring.hall, "harvester", setup_min=30, cleaning_min=60)
    reserve(session, harvester, sample_ring.anna, hours(MONDAY, 4, 6), now=MONDAY)

    assert free(session, harvester, 0, 10) == [(0, 2.5), (7.5, 10)]


def test_free_time_ends_when_the_workshop_closes_and_keeps_the_break_at_noon(session, sample_ring):
    # The lab is open from 8 to 18; the clock of the tests stands at Monday, 8:00.
    assert free(session, sample_ring.laser, 0, 48, member_id=sample_ring.anna) == [(0, 10), (24, 34)]


def test_without_the_induction_nothing_is_free(session, sample_ring):
    assert free(session, sample_ring.laser, 0, 48, member_id=sample_ring.bernd) == []


def test_an_induction_that_is_renewed_leaves_no_gap_in_whatever_order_both_were_entered(session, sample_ring):
    saw = machine(session, sample_ring.hall, "saw", induction_kind_id=sample_ring.laser_induction)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, date(2026, 11, 25), days=1)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, date(2026, 11, 20), days=4)
    night_to_wednesday = (35, 48)

    assert free(session, saw, *night_to_wednesday, minutes=13 * 60, member_id=sample_ring.bernd) == [night_to_wednesday]
    reserve(session, saw, sample_ring.bernd, hours(MONDAY, *night_to_wednesday), now=MONDAY)


def test_notice_and_horizon_bound_free_time(session, sample_ring):
    hurried = machine(session, sample_ring.hall, "hurried", notice_hours=3, horizon_days=1)

    assert free(session, hurried, 0, 100, minutes=120) == [(3, 26)]


def test_places_are_free_when_enough_of_them_are_free_together(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY)
    reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 3, 6), now=MONDAY)

    assert free(session, shelf, 0, 10, places=2) == [(0, 2), (6, 10)]
    assert free(session, shelf, 0, 10) == [(0, 3), (4, 10)]
    assert free(session, shelf, 0, 10, places=3) == []


def test_the_first_start_lies_on_the_step(session, sample_ring):
    odd = machine(session, sample_ring.hall, "odd", step_min=30, cleaning_min=10)
    reserve(session, odd, sample_ring.anna, hours(MONDAY, 0, 1), now=MONDAY)

    assert free(session, odd, 0, 4) == [(1.5, 4)]


def test_a_retired_machine_has_no_free_time(session, sample_ring):
    retired = machine(session, sample_ring.hall, "retired", retired_at=MONDAY)

    with pytest.raises(MachineNotFound):
        free(session, retired, 0, 4)


def test_the_earliest_of_many_machines_comes_first(session, sample_ring):
    for end, name in ((70, "baler"), (30, "tedder"), (300, "mower")):
        one = machine(session, sample_ring.hall, name, kind="harvest")
        reserve(session, one, sample_ring.anna, hours(MONDAY, 0, end), now=MONDAY)

    found = availability.earliest_free(session, minutes=60, now=MONDAY, kind="harvest", count=2)

    assert [span.span for span in found] == [hours(MONDAY, 30, 31), hours(MONDAY, 70, 71)]
    assert availability.earliest_free(session, minutes=60, now=MONDAY, machine_ids=[]) == ()
    assert (
        availability.earliest_free(session, minutes=60, now=MONDAY, machine_ids=[one], until=hours(MONDAY, 0, 300).end)
        == ()
    )


@pytest.mark.parametrize(("by_day", "first_look"), [(False, 5 * DAY), (True, DAY // 4)])
def test_the_earliest_of_many_machines_is_the_least_of_all_that_is_free_on_each(
    session, sample_ring, by_day, first_look, monkeypatch
):
    """Compared with the slow way, for machines with equal rules and others, one or several places, empty and full."""
    monkeypatch.setattr(earliest, "READ_AT_FIRST", 2)
    monkeypatch.setattr(earliest, "FIRST_LOOK", first_look)
    rules = (
        {},
        {},
        {"setup_min": 30, "cleaning_min": 45},
        {"step_min": 1440, "shortest_min": 1440},
        {"notice_hours": 30},
    )
    shops = sample_ring.hall, sample_ring.lab
    draw = Random(8)
    machines = [
        machine(session, shops[number % 2], f"m{number}", places=1 + number % 3, **rules[number % 5])
        for number in range(12)
    ]
    for number, one in enumerate(machines):
        start = 0.0
        while start < 100:
            held_for = draw.choice((1, 2, 5, 24)) if start else 13
            with suppress(RequestRefused, SlotTaken):
                taken = hours(MONDAY, start, start + held_for)
                reserve(session, one, sample_ring.anna, taken, now=MONDAY, places=draw.randint(1, 1 + number % 3))
            start += held_for + draw.choice((0, 0, 1, 3, 20))

    for minutes, places, until, count in (
        (60, 1, 2_000, 1),
        (60, 1, 2_000, 20),
        (180, 1, 60, 2),
        (1440, 1, 2_000, 3),
        (120, 2, 400, 20),
    ):
        window = hours(MONDAY, 0, until)
        wanted = {"minutes": minutes, "places": places, "now": MONDAY, "by_day": by_day}
        each = ((one, availability.free_spans(session, one, window, limit=1, **wanted)) for one in machines)
        first = [
            FreeSpan(TimeSpan(spans[0].start, end_of(session, one, spans[0].start, minutes)), one)
            for one, spans in each
            if spans
        ]

        found = availability.earliest_free(session, machine_ids=machines, until=window.end, count=count, **wanted)

        assert list(found) == sorted(first)[:count]


def end_of(session, machine_id, start, minutes):
    query = slot_queries(session, [catalogue.bookable_machine(session, machine_id)], minutes, 1, None, MONDAY)[
        machine_id
    ]
    return query.span_from(floor_timestamp(start)).end


def test_the_nearest_times_are_proposed_when_a_span_is_taken(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 5, 9), now=MONDAY)
    wish = Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 6, 8))

    check = availability.check_wish(session, wish, now=MONDAY)
    found = availability.alternatives(session, wish, now=MONDAY)

    assert (check.violations, check.is_free, check.taken.facts["span"]) == ((), False, hours(MONDAY, 6, 8))
    assert [one.span for one in found] == [hours(MONDAY, 3, 5), hours(MONDAY, 9, 11), hours(MONDAY, 1, 3)]
    assert {one.machine_id for one in found} == {sample_ring.combine}


def test_a_like_machine_is_proposed_only_to_who_may_run_it(session, sample_ring):
    first = machine(session, sample_ring.hall, "laser-a", kind="laser")
    other = machine(session, sample_ring.hall, "laser-b", kind="laser", induction_kind_id=sample_ring.laser_induction)
    third = member(session, "Cilli")
    reserve(session, first, third, hours(MONDAY, 0, 8), now=MONDAY)

    for anyone, proposed in ((sample_ring.anna, {first, other}), (sample_ring.bernd, {first})):
        wish = Wish(first, anyone, hours(MONDAY, 1, 2))
        found = availability.alternatives(session, wish, now=MONDAY)
        assert {one.machine_id for one in found} == proposed


def test_a_moved_reservation_does_not_conflict_with_itself(session, sample_ring):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 5, 9), now=MONDAY)
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 6, 10))

    assert not availability.check_wish(session, wish, now=MONDAY).is_accepted
    assert availability.check_wish(session, wish, now=MONDAY, excluding=entered.id).is_accepted


def test_a_wish_of_a_forbidden_length_is_proposed_at_an_allowed_one(session, sample_ring):
    slow = machine(session, sample_ring.hall, "slow", shortest_min=120, step_min=60)
    found = availability.alternatives(session, Wish(slow, sample_ring.anna, hours(MONDAY, 2, 2.5)), now=MONDAY, count=1)

    assert [one.span for one in found] == [hours(MONDAY, 2, 4)]


def test_a_machine_lent_by_the_day_is_free_over_the_clock_change(session, sample_ring):
    place = workshop(session, "yard")
    mixer = machine(session, place, "mixer", step_min=1440, shortest_min=1440)
    saturday = MONDAY.replace(month=10, day=24, hour=6)  # 8:00 in summer time; the night has 25 hours

    (span,) = availability.free_spans(
        session, mixer, TimeSpan(saturday, saturday + timedelta(hours=49)), minutes=2 * 1440, now=saturday
    )

    assert (span.start, span.end) == (saturday, saturday + timedelta(hours=49))
    reserve(session, mixer, sample_ring.anna, span, now=saturday)
