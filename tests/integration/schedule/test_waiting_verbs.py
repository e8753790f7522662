"""Joining and leaving the waiting list: what may wait, limits, order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from booking.errors.schedule_errors import RequestRefused, WrongStatus
from booking.errors.waiting_errors import TimeIsFree, WaitingEntryNotFound
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import DayPart, Machine
from booking.queries.waiting import waiting_entry, waiting_list
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.timespan import TimeSpan
from booking.waiting import entries
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

WISHED = hours(MONDAY + timedelta(days=1), 1, 3)  # Tuesday, 9 to 11 by the clock


def join(session, wish, *, now=MONDAY):
    with write_transaction(session):
        return entries.join(session, wish, by=SOMEBODY, now=now)


def rules_of(refusal):
    return [violation.rule for violation in refusal.value.violations]


def test_members_wait_in_the_order_in_which_they_joined(session, sample_ring):
    combine = sample_ring.combine
    reserve(session, combine, sample_ring.anna, hours(WISHED.start, -2, 5), now=MONDAY)
    first = join(session, WaitingWish(sample_ring.anna, combine, None, WISHED))
    again = join(session, WaitingWish(sample_ring.anna, combine, None, WISHED, purpose="Oats", is_automatic=True))
    second = join(session, WaitingWish(sample_ring.bernd, combine, None, hours(WISHED.start, 1, 3)))
    apart = join(session, WaitingWish(sample_ring.bernd, combine, None, hours(WISHED.start, 3, 4)))

    assert first == again
    said = waiting_entry(session, first, now=MONDAY)
    assert (said.is_automatic, said.purpose, said.revision) == (True, "Oats", 1)
    positions = {view.id: view.position for view in waiting_list(session, now=MONDAY)}
    assert positions == {first: 1, second: 2, apart: 1}

    with write_transaction(session):
        entries.leave(session, first, by=SOMEBODY, now=MONDAY)
        entries.leave(session, first, by=SOMEBODY, now=MONDAY)
    assert waiting_entry(session, first, now=MONDAY).position is None
    assert [view.position for view in waiting_list(session, now=MONDAY, member_id=sample_ring.bernd)] == [1, 1]
    assert waiting_list(session, now=WISHED.end + timedelta(hours=9)) == ()
    with write_transaction(session), pytest.raises(WrongStatus):
        entries.leave(session, second, by=SOMEBODY, now=WISHED.end + timedelta(hours=9))
    with write_transaction(session), pytest.raises(WaitingEntryNotFound):
        entries.leave(session, 10**9, by=SOMEBODY, now=MONDAY)
    kinds = session.scalars(select(RecordedEvent.type).where(RecordedEvent.type.like("waiting%"))).all()
    assert sorted(kinds) == ["waiting_list_joined"] * 3 + ["waiting_list_left"]


def test_who_waits_for_a_group_and_for_one_of_its_machines_are_in_one_line(session, sample_ring):
    with write_transaction(session):
        entered = GroupInput("Both", (RankedMachine(sample_ring.combine), RankedMachine(sample_ring.splitter)))
        group_id = groups.make(session, sample_ring.hall, entered, by=SOMEBODY, now=MONDAY)
    for machine_id in (sample_ring.combine, sample_ring.splitter):
        reserve(session, machine_id, sample_ring.anna, WISHED, now=MONDAY)

    of_machine = join(session, WaitingWish(sample_ring.anna, sample_ring.splitter, None, WISHED))
    of_group = join(session, WaitingWish(sample_ring.bernd, None, group_id, WISHED))
    behind = join(session, WaitingWish(sample_ring.anna, sample_ring.combine, None, WISHED))

    assert [view.position for view in waiting_list(session, now=MONDAY)] == [1, 2, 2]
    assert [view.id for view in waiting_list(session, now=MONDAY, machine_id=sample_ring.combine)] == [of_group, behind]
    assert waiting_entry(session, of_group, now=MONDAY).target_name == "Both"
    assert of_machine < of_group < behind

    with write_transaction(session):
        groups.change(session, group_id, machines=(), by=SOMEBODY, now=MONDAY)
    with write_transaction(session), pytest.raises(RequestRefused) as refusal:
        entries.join(session, WaitingWish(sample_ring.anna, None, group_id, WISHED), by=SOMEBODY, now=MONDAY)
    assert rules_of(refusal) == ["group_empty"]
    assert not waiting_entry(session, of_group, now=MONDAY).is_lent


def test_nobody_waits_for_what_is_free_and_the_free_time_is_named(session, sample_ring):
    combine = sample_ring.combine
    with write_transaction(session), pytest.raises(TimeIsFree) as refusal:
        entries.join(session, WaitingWish(sample_ring.anna, combine, None, WISHED), by=SOMEBODY, now=MONDAY)
    assert refusal.value.facts["span"] == WISHED

    day = hours(WISHED.start, -9, 15)  # all of Tuesday
    reserve(session, combine, sample_ring.bernd, hours(day.start, 0, 9.5), now=MONDAY)
    pattern = WaitingWish(sample_ring.anna, combine, None, day, 120, DayPart.MORNING)
    with write_transaction(session), pytest.raises(TimeIsFree) as refusal:
        entries.join(session, pattern, by=SOMEBODY, now=MONDAY)
    assert refusal.value.facts["span"] == hours(day.start, 9.5, 11.5)
    reserve(session, combine, sample_ring.bernd, hours(day.start, 10, 11), now=MONDAY)
    assert join(session, pattern)


def test_the_rules_have_to_accept_what_one_waits_for_notice_included(session, sample_ring):
    bernd, laser = sample_ring.bernd, sample_ring.laser
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == laser).values(notice_hours=72))

    def refused(wish):
        with write_transaction(session), pytest.raises(RequestRefused) as refusal:
            entries.join(session, wish, by=SOMEBODY, now=MONDAY)
        return rules_of(refusal)

    far = hours(MONDAY + timedelta(days=400), 1, 3)
    later = WISHED.start + timedelta(days=2)
    assert refused(WaitingWish(bernd, laser, None, hours(later, 1, 2))) == ["induction"]
    assert refused(WaitingWish(bernd, laser, None, hours(later, -1, 20), 60)) == ["induction"]
    assert refused(WaitingWish(sample_ring.anna, laser, None, hours(later, 12, 13))) == ["opening_hours"]
    evening = WaitingWish(sample_ring.anna, laser, None, hours(later, 0, 24), 60, DayPart.EVENING)
    assert refused(evening) == ["waiting_window"]
    assert refused(WaitingWish(sample_ring.anna, sample_ring.combine, None, far)) == ["horizon"]
    assert refused(WaitingWish(sample_ring.anna, sample_ring.combine, None, hours(MONDAY, -3, -2))) == ["past"]
    long = TimeSpan(MONDAY, MONDAY + timedelta(days=63))
    assert refused(WaitingWish(sample_ring.anna, sample_ring.combine, None, long, 60)) == ["waiting_days"]
    assert refused(WaitingWish(sample_ring.anna, sample_ring.combine, None, WISHED, places=2)) == ["places"]
    # It could never be offered: each hour it is later. Of a longer window the rest can.
    assert refused(WaitingWish(sample_ring.anna, laser, None, WISHED)) == ["notice"]
    assert refused(WaitingWish(sample_ring.anna, laser, None, hours(WISHED.start, 0, 24), 60)) == ["notice"]
    reserve(session, laser, sample_ring.anna, hours(WISHED.start, 47, 57), now=MONDAY)
    assert join(session, WaitingWish(sample_ring.anna, laser, None, hours(WISHED.start, 0, 57), 60))


def test_a_member_may_wait_a_limited_number_of_times(session, sample_ring):
    days = [hours(MONDAY + timedelta(days=day), 1, 3) for day in range(1, entries.ENTRIES_MAX + 2)]
    for day in days:
        reserve(session, sample_ring.combine, sample_ring.bernd, day, now=MONDAY)
    wishes = [WaitingWish(sample_ring.anna, sample_ring.combine, None, day) for day in days]
    for wish in wishes[:-1]:
        join(session, wish)

    with write_transaction(session), pytest.raises(RequestRefused) as refusal:
        entries.join(session, wishes[-1], by=SOMEBODY, now=MONDAY)
    assert rules_of(refusal) == ["waiting_entries"]
    assert join(session, wishes[-1], now=days[0].end)  # what is over counts no more


def test_mornings_are_those_of_the_clock_on_both_sides_of_its_change(session, sample_ring):
    """On Sunday 28 March 2027 the clock is put forward: Saturday's morning begins at 5:00 UTC, Monday's at 4:00."""
    since, until = datetime(2027, 3, 26, 23, tzinfo=UTC), datetime(2027, 3, 29, 22, tzinfo=UTC)
    reserve(
        session,
        sample_ring.combine,
        sample_ring.bernd,
        TimeSpan(since, datetime(2027, 3, 29, 7, tzinfo=UTC)),
        now=MONDAY,
    )
    wish = WaitingWish(sample_ring.anna, sample_ring.combine, None, TimeSpan(since, until), 240, DayPart.MORNING)
    join(session, wish)  # on Monday only 9:00 to 12:00 by the clock is left of the morning

    shorter = WaitingWish(sample_ring.anna, sample_ring.combine, None, TimeSpan(since, until), 180, DayPart.MORNING)
    with write_transaction(session), pytest.raises(TimeIsFree) as refusal:
        entries.join(session, shorter, by=SOMEBODY, now=MONDAY)
    assert refusal.value.facts["span"].start == datetime(2027, 3, 29, 7, tzinfo=UTC)
