"""A wish for a group of machines gets one of them: which one, why none, and one outcome when several ask at once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from booking import availability
from booking.errors.schedule_errors import GroupNotFound, GroupRefused, GroupTaken
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import Reservation
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.records.overruling import Overruling
from booking.reservations import group_requests
from booking.reservations.group_choice import GroupWish
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.ring_check import ring_check


def ask(session, group_id, member_id, start, end, *, lacking=None, **more):
    """Return the machine that a wish from hour to hour after MONDAY gets."""
    wish = GroupWish(group_id, member_id, hours(MONDAY, start, end), lacking=lacking or {})
    with write_transaction(session):
        return group_requests.request_in_group(session, wish, by=SOMEBODY, now=MONDAY, **more).machine_id


def test_ranks_come_first_then_the_smallest_gap_then_the_id(session, sample_ring, lasers, group):
    a, b, c = lasers
    anna, bernd = sample_ring.anna, sample_ring.bernd
    assert ask(session, group, anna, 10, 12) == a  # all equal: the lowest id
    assert ask(session, group, anna, 12, 14) == a  # follows directly
    assert ask(session, group, anna, 10, 11) == b
    assert ask(session, group, anna, 13, 14) == b  # A is taken; two hours stay free on B
    assert ask(session, group, anna, 15, 16) == a  # an hour after A and after B alike, but a week and more beyond
    assert ask(session, group, anna, 11, 13) == b  # fills the gap
    assert ask(session, group, anna, 10, 12) == c  # larger, because its smaller ones are taken
    assert ask(session, group, anna, 30, 31, lacking={a: 2, b: 2, c: 1}) == c  # has most of the chosen variants
    with pytest.raises(GroupTaken) as refused:
        ask(session, group, bernd, 10, 12)
    told = [(one.machine_id, one.error.code) for one in refused.value.refusals]
    assert told == [(a, "slot_taken"), (b, "slot_taken"), (c, "request_refused")]


def test_a_refusal_offers_the_next_times_on_any_machine_of_the_group(session, sample_ring, lasers, group):
    a, b, _c = lasers
    for machine_id in (a, b):
        reserve(session, machine_id, sample_ring.anna, hours(MONDAY, 10, 12), now=MONDAY)
    reserve(session, a, sample_ring.anna, hours(MONDAY, 12, 20), now=MONDAY)
    reserve(session, b, sample_ring.anna, hours(MONDAY, 6, 10), now=MONDAY)
    wish = GroupWish(group, sample_ring.bernd, hours(MONDAY, 10, 12))

    found = availability.group_alternatives(session, wish, now=MONDAY)

    assert len({one.span for one in found}) == 3
    nearest = {(one.machine_id, one.span) for one in found}
    assert {(a, hours(MONDAY, 8, 10)), (b, hours(MONDAY, 12, 14))} <= nearest
    assert {one.machine_id for one in found} <= {a, b}  # Bernd may not run C


def test_rules_places_and_retired_machines_are_told_apart(session, sample_ring, lasers, group):
    anna = sample_ring.anna
    with pytest.raises(GroupRefused) as refused:
        ask(session, group, anna, -5, -3)
    assert {one.rule for one in refused.value.violations} == {"past"}
    assert len(refused.value.refusals) == 3
    assert ask(session, group, anna, 24, 24.25, overruling=Overruling("ten minutes are enough")) == lasers[0]
    for machine_id in lasers[1:]:
        with write_transaction(session):
            machines.retire(session, machine_id, by=SOMEBODY, now=MONDAY)
    with pytest.raises(GroupTaken) as taken:
        ask(session, group, anna, 24, 25)
    assert [one.machine_id for one in taken.value.refusals] == lasers[:1]
    with write_transaction(session):
        groups.retire(session, group, by=SOMEBODY, now=MONDAY)
    with pytest.raises(GroupNotFound):
        ask(session, group, anna, 30, 31)


def test_several_places_count_like_machines(session, sample_ring):
    shelves = [machine(session, sample_ring.hall, f"shelf-{number}", places=3) for number in range(2)]
    entered = GroupInput("Shelves", tuple(RankedMachine(one) for one in shelves))
    with write_transaction(session):
        group = groups.make(session, sample_ring.hall, entered, by=SOMEBODY, now=MONDAY)
    got = []
    for _ in range(3):
        wish = GroupWish(group, sample_ring.anna, hours(MONDAY, 10, 12), places=2)
        with write_transaction(session):
            try:
                got.append(group_requests.request_in_group(session, wish, by=SOMEBODY, now=MONDAY).machine_id)
            except GroupTaken as taken:
                got.append(taken.refusals[0].error.facts["places_free"])
    assert got == [*shelves, 1]


def test_of_many_who_want_the_group_at_once_as_many_are_served_as_it_has_machines(app, session, sample_ring, group):
    """And a manager who empties the group meanwhile comes before or after each of them."""
    span, askers = hours(MONDAY, 10, 12), 6
    wish = GroupWish(group, sample_ring.anna, span)

    def request(of_session):
        return group_requests.request_in_group(of_session, wish, by=SOMEBODY, now=MONDAY).machine_id

    def empty(of_session):
        return groups.change(of_session, group, machines=(), by=SOMEBODY, now=MONDAY)

    session.rollback()
    *outcomes, emptied = all_at_once(app, *[request] * askers, empty)

    assert emptied is None
    served = [one for one in outcomes if isinstance(one, int)]
    assert len(set(served)) == len(served)
    assert {one.code for one in outcomes if isinstance(one, DomainError)} <= {"slot_taken", "request_refused"}
    assert session.scalar(select(func.count()).select_from(Reservation)) == len(served)
    assert ring_check(session) == {}
    with pytest.raises(GroupRefused) as refused:
        ask(session, group, sample_ring.anna, 100, 101)
    assert [one.rule for one in refused.value.violations] == ["group_empty"]
