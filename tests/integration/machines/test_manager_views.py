"""What a manager sees: requests with history and induction, what stands around them, what happens today."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from booking.reservations import decisions, reservations
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


@pytest.fixture
def lathe(session, sample_ring):
    """A machine that asks for approval and for the laser induction, in the hall."""
    return machine(
        session,
        sample_ring.hall,
        "lathe",
        needs_approval=True,
        induction_kind_id=sample_ring.laser_induction,
        decision_hours=24,
    )


def test_a_request_is_shown_with_history_and_induction(session, sample_ring, lathe):
    for start in (1, 3, 5):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 1), now=MONDAY)
    with write_transaction(session):
        for reservation_id, status in ((1, "completed"), (2, "no_show")):
            session.execute(update(Reservation).where(Reservation.id == reservation_id).values(status=status))
        reservations.cancel(session, 3, by=SOMEBODY, now=MONDAY + timedelta(hours=1))
    entered = reserve(session, lathe, sample_ring.anna, hours(MONDAY, 60, 62), now=MONDAY)

    (waiting,) = queries.waiting_requests(session, [sample_ring.hall], MONDAY)

    assert waiting.reservation.id == entered.id
    assert waiting.waiting_since == MONDAY
    assert waiting.history == queries.MemberHistory(completed=1, no_shows=1, late_cancels=1)
    assert (waiting.induction_kind, waiting.is_inducted) == ("Laser", True)
    assert waiting.induction_until == MONDAY.date() + timedelta(days=335)
    assert queries.waiting_requests(session, [sample_ring.lab], MONDAY) == ()


def test_the_nearest_deadline_is_first_and_passed_ones_are_left_out(session, sample_ring, lathe):
    late = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 100, 101), now=MONDAY)
    soon = reserve(session, lathe, sample_ring.anna, hours(MONDAY, 60, 62), now=MONDAY)

    def waiting(now):
        return [one.reservation.id for one in queries.waiting_requests(session, None, now)]

    assert waiting(MONDAY) == [soon.id, late.id]
    assert waiting(MONDAY + timedelta(hours=24)) == [late.id]
    assert queries.waiting_count(session, None, MONDAY + timedelta(hours=24)) == 1
    assert waiting(MONDAY + timedelta(hours=48)) == []


def test_the_neighbours_of_a_request_are_shown(session, sample_ring):
    def ask(machine_id, start, end):
        return reserve(session, machine_id, sample_ring.bernd, hours(MONDAY, start, end), now=MONDAY).id

    ask(sample_ring.splitter, 1, 2)
    long_before = ask(sample_ring.splitter, 10, 25)
    middle = ask(sample_ring.splitter, 48, 50)
    after = ask(sample_ring.splitter, 73, 75)
    ask(sample_ring.splitter, 74 + 2, 78)
    gone = ask(sample_ring.splitter, 51, 52)
    other = ask(sample_ring.cold_store, 48, 50)
    with write_transaction(session):
        decisions.reject(session, gone, "No", by=SOMEBODY, now=MONDAY)

    both = queries.neighbours(session, [queries.reservation(session, one) for one in (middle, other)])
    assert {middle_id: [one.id for one in others] for middle_id, others in both.items()} == {
        middle: [long_before, after]
    }
    assert queries.neighbours(session, []) == {}


def test_today_shows_what_happens_today_and_what_is_still_out(session, sample_ring):
    harvester = machine(session, sample_ring.hall, "harvester", cleaning_min=120)

    def ask(machine_id, start, end):
        return reserve(session, machine_id, sample_ring.anna, hours(MONDAY, start, end), now=MONDAY).id

    ask(harvester, 20, 23)  # only its cleaning reaches into the day
    over_night = ask(sample_ring.combine, 20, 30)
    out = ask(sample_ring.splitter, 1, 2)
    today = ask(harvester, 26, 27)
    ask(sample_ring.combine, 48, 50)
    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == out).values(status="in_use", decide_until=None))
    day = hours(MONDAY, 24, 48)

    shown = queries.todays_machines(session, [sample_ring.hall], day.start, day.end)

    assert [one.id for one in shown] == [over_night, today, out]
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(needs_approval=True))
        reservations.move(session, over_night, hours(MONDAY, 100, 102), by=SOMEBODY, now=MONDAY)
    shown = queries.todays_machines(session, [sample_ring.hall], day.start, day.end)
    assert (shown[0].id, shown[0].span) == (over_night, hours(MONDAY, 20, 30))
    assert queries.todays_machines(session, [], day.start, day.end) == ()
